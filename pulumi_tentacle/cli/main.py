"""`pulumi-tentacle`: the lab, the plugin's schema, the version. Commands import what they need when they run."""

from __future__ import annotations

import typer

from pulumi_tentacle.cli import lab

app = typer.Typer(
    name="pulumi-tentacle",
    help="Octopus Listening Tentacles on Windows with Pulumi: the lab and tools of the provider.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(lab.app, name="lab")


@app.command()
def version() -> None:
    """Print the version of the provider."""
    from importlib.metadata import version as installed

    typer.echo(installed("pulumi_tentacle"))


@app.command()
def schema() -> None:
    """Print the provider's Pulumi schema (JSON)."""
    from pulumi_tentacle.plugin.schema import schema_json

    typer.echo(schema_json())


def main() -> None:
    """Entry point of the console script."""
    app()


if __name__ == "__main__":
    main()
