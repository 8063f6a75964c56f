"""create-instance, delete-instance and list-instances (tentacle.md §1.1, §2)."""

from __future__ import annotations

import json
import ntpath

from pulumi_tentacle.lab.tentacle.command import FORMAT_OPTION, Run, command
from pulumi_tentacle.lab.tentacle.index import DEFAULT_INSTANCE
from pulumi_tentacle.lab.tentacle.options import Option
from pulumi_tentacle.lab.tentacle.settings import EMPTY_FILE, HOME


@command(
    "create-instance",
    "Registers an instance of the Tentacle service",
    Option("instance=", "Name of the instance to create"),
    Option("config=", "Path of the configuration file to create"),
    Option("home=", "Home directory; the configuration file's folder by default"),
)
def create_instance(run: Run) -> None:
    wanted = run.options.last("config")
    home = run.options.last("home") if run.options.has("home") else _folder_of(run, wanted)
    configuration = run.selector.full_path(ntpath.join(home, wanted or "Tentacle.config"))
    files = run.node.files
    files.make_folder(ntpath.dirname(configuration))
    if files.is_file(configuration):
        run.console.info(f"Configuration file at {configuration} already exists.")
    else:
        run.console.info(f"Creating empty configuration file: {configuration}")
        files.write(configuration, EMPTY_FILE)
    if not run.selector.request.is_open:
        run.index.register(run.options.text("instance") or DEFAULT_INSTANCE, configuration)
    run.console.info(f"Setting home directory to: {home}")
    # An instance that was there before is loaded already, with its old file: the home goes there (record, "create-twice").
    run.instance.settings.set(HOME, home)


@command("delete-instance", "Deletes an instance of the Tentacle service", standard=True)
def delete_instance(run: Run) -> None:
    if run.instance.name is not None:
        run.index.delete(run.instance.name)


@command("list-instances", "Lists all installed Tentacle instances", FORMAT_OPTION, data_only=True)
def list_instances(run: Run) -> None:
    output_format = run.output_format()
    entries = run.index.entries()
    if output_format == "json":
        shown = [{"InstanceName": e.name, "ConfigurationFilePath": e.configuration} for e in entries]
        run.console.write(json.dumps(shown, indent=2, ensure_ascii=False))
    elif entries:
        text = "".join(f"Instance '{e.name}' uses configuration '{e.configuration}'.\n" for e in entries)
        run.console.write(text)
    else:
        run.console.write("No instances installed")


def _folder_of(run: Run, configuration: str) -> str:
    return ntpath.dirname(run.selector.full_path(configuration)) if configuration else "."
