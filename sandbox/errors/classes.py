"""The classes of errors, each with the codes that it stands for (spec section 8)."""

from __future__ import annotations

import builtins
from typing import ClassVar

from sandbox.errors.base import SandboxError


class SandboxSecurityError(SandboxError):
    """An id, port, token or language that is not allowed."""

    codes: ClassVar = ("VALIDATION_FAILED",)


# -- files


class FileNotFoundError(SandboxError, builtins.FileNotFoundError):
    codes: ClassVar = ("FILE_NOT_FOUND",)


class FileExistsError(SandboxError, builtins.FileExistsError):
    codes: ClassVar = ("FILE_EXISTS",)


class FileTooLargeError(SandboxError):
    codes: ClassVar = ("FILE_TOO_LARGE",)


class PermissionDeniedError(SandboxError, builtins.PermissionError):
    codes: ClassVar = ("PERMISSION_DENIED",)


class FileSystemError(SandboxError, builtins.OSError):
    codes: ClassVar = (
        *("FILESYSTEM_ERROR", "IS_DIRECTORY", "NOT_DIRECTORY", "NO_SPACE", "TOO_MANY_FILES"),
        *("RESOURCE_BUSY", "READ_ONLY", "NAME_TOO_LONG", "TOO_MANY_LINKS"),
    )


# -- commands, processes, sessions


class CommandNotFoundError(SandboxError):
    codes: ClassVar = ("COMMAND_NOT_FOUND",)


class CommandError(SandboxError):
    codes: ClassVar = (
        *("COMMAND_EXECUTION_ERROR", "COMMAND_PERMISSION_DENIED", "INVALID_COMMAND", "STREAM_START_ERROR"),
    )


class ProcessNotFoundError(SandboxError):
    codes: ClassVar = ("PROCESS_NOT_FOUND",)


class ProcessError(SandboxError):
    codes: ClassVar = ("PROCESS_ERROR", "PROCESS_PERMISSION_DENIED")


class ProcessReadyTimeoutError(SandboxError, builtins.TimeoutError):
    codes: ClassVar = ("PROCESS_READY_TIMEOUT",)


class ProcessExitedBeforeReadyError(SandboxError):
    codes: ClassVar = ("PROCESS_EXITED_BEFORE_READY",)


class SessionAlreadyExistsError(SandboxError):
    codes: ClassVar = ("SESSION_ALREADY_EXISTS",)


class SessionDestroyedError(SandboxError):
    codes: ClassVar = ("SESSION_DESTROYED",)


class SessionTerminatedError(SandboxError):
    codes: ClassVar = ("SESSION_TERMINATED",)


# -- ports


class PortError(SandboxError):
    codes: ClassVar = ("PORT_OPERATION_ERROR",)


class PortAlreadyExposedError(SandboxError):
    codes: ClassVar = ("PORT_ALREADY_EXPOSED",)


class PortNotExposedError(SandboxError):
    codes: ClassVar = ("PORT_NOT_EXPOSED",)


class PortInUseError(PortError):
    codes: ClassVar = ("PORT_IN_USE",)


class InvalidPortError(SandboxError):
    codes: ClassVar = ("INVALID_PORT", "INVALID_PORT_NUMBER")


class ServiceNotRespondingError(SandboxError):
    codes: ClassVar = ("SERVICE_NOT_RESPONDING",)


class CustomDomainRequiredError(SandboxError):
    codes: ClassVar = ("CUSTOM_DOMAIN_REQUIRED",)


# -- git


class GitError(SandboxError):
    codes: ClassVar = ("GIT_OPERATION_FAILED",)


class GitRepositoryNotFoundError(GitError):
    codes: ClassVar = ("GIT_REPOSITORY_NOT_FOUND",)


class GitAuthenticationError(GitError):
    codes: ClassVar = ("GIT_AUTH_FAILED",)


class GitBranchNotFoundError(GitError):
    codes: ClassVar = ("GIT_BRANCH_NOT_FOUND",)


class GitNetworkError(GitError):
    codes: ClassVar = ("GIT_NETWORK_ERROR",)


class GitCloneError(GitError):
    codes: ClassVar = ("GIT_CLONE_FAILED",)


class GitCheckoutError(GitError):
    codes: ClassVar = ("GIT_CHECKOUT_FAILED",)


class InvalidGitUrlError(GitError):
    codes: ClassVar = ("INVALID_GIT_URL",)


# -- code interpreter


class InterpreterNotReadyError(SandboxError):
    codes: ClassVar = ("INTERPRETER_NOT_READY",)


class ContextNotFoundError(SandboxError):
    codes: ClassVar = ("CONTEXT_NOT_FOUND",)


class CodeExecutionError(SandboxError):
    codes: ClassVar = ("CODE_EXECUTION_ERROR", "PYTHON_NOT_AVAILABLE", "JAVASCRIPT_NOT_AVAILABLE")


# -- buckets and backups


class BucketMountError(SandboxError):
    codes: ClassVar = ("BUCKET_MOUNT_ERROR",)


class BucketUnmountError(SandboxError):
    codes: ClassVar = ("BUCKET_UNMOUNT_ERROR",)


class S3FSMountError(BucketMountError):
    codes: ClassVar = ("S3FS_MOUNT_ERROR",)


class MissingCredentialsError(BucketMountError):
    codes: ClassVar = ("MISSING_CREDENTIALS",)


class InvalidMountConfigError(BucketMountError):
    codes: ClassVar = ("INVALID_MOUNT_CONFIG",)


class BackupNotFoundError(SandboxError):
    codes: ClassVar = ("BACKUP_NOT_FOUND",)


class BackupExpiredError(SandboxError):
    codes: ClassVar = ("BACKUP_EXPIRED",)


class InvalidBackupConfigError(SandboxError):
    codes: ClassVar = ("INVALID_BACKUP_CONFIG",)


class BackupCreateError(SandboxError):
    codes: ClassVar = ("BACKUP_CREATE_FAILED",)


class BackupRestoreError(SandboxError):
    codes: ClassVar = ("BACKUP_RESTORE_FAILED",)


# -- the sandbox itself


class ContainerUnavailableError(SandboxError):
    codes: ClassVar = ("CONTAINER_UNAVAILABLE",)


class OperationInterruptedError(SandboxError):
    codes: ClassVar = ("OPERATION_INTERRUPTED",)


class RPCTransportError(SandboxError):
    codes: ClassVar = ("RPC_TRANSPORT_ERROR",)


class ValidationFailedError(SandboxError):
    codes: ClassVar = ("VALIDATION_FAILED",)
