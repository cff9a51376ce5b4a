"""The experiment: a Worker project run before and after its optimisations, in virtual and in real time."""
