"""Containers in a daemon that speaks Docker's API: Docker itself, or Podman.

What is short goes through the `docker` SDK in threads (`daemon.py`); what lasts as long as a program is a
byte stream of the loop (`wire.py`). Nothing of ours has to be in an image: files and
signals use its `sh`.
"""
