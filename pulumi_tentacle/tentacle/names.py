"""How Tentacle names and places things (reference/tentacle.md §4, §5, §10)."""

from __future__ import annotations

DEFAULT_INSTANCE = "Tentacle"
DEFAULT_PORT = 10933
PRODUCT = "Octopus Deploy Tentacle"
DEFAULT_FOLDER = r"C:\Program Files\Octopus Deploy\Tentacle"
INSTANCES = r"%ProgramData%\Octopus\Tentacle\Instances"
REGISTRY_KEY = r"HKLM:\SOFTWARE\Octopus\Tentacle"


def service_name(instance: str) -> str:
    """The Windows service of an instance; only the exact spelling `Tentacle` has the short name."""
    return "OctopusDeploy Tentacle" if instance == DEFAULT_INSTANCE else f"OctopusDeploy Tentacle: {instance}"


def is_default(instance: str) -> bool:
    """True for the instance that Tentacle's own set-up makes."""
    return instance.lower() == DEFAULT_INSTANCE.lower()


def default_config_path(instance: str) -> str:
    """Where the configuration file lies by default."""
    return r"C:\Octopus\Tentacle.config" if is_default(instance) else rf"C:\Octopus\{instance}\Tentacle.config"


def default_home(instance: str, shared_drive: str | None) -> str:
    """The home directory by default: on the shared drive if there is one."""
    if shared_drive:
        return rf"{shared_drive}:\Octopus\Home" if is_default(instance) else rf"{shared_drive}:\Octopus\{instance}\Home"
    return r"C:\Octopus" if is_default(instance) else rf"C:\Octopus\{instance}"


def default_applications(instance: str, shared_drive: str | None) -> str:
    """The folder for deployed applications by default."""
    if shared_drive:
        below = "Applications" if is_default(instance) else rf"{instance}\Applications"
        return rf"{shared_drive}:\Octopus\{below}"
    return r"C:\Octopus\Applications" if is_default(instance) else rf"C:\Octopus\Applications\{instance}"
