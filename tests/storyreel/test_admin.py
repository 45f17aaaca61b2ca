"""Access by the command line, run in this process."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from storyreel.cli import cli

Run = Callable[..., Result]
TOKEN = re.compile(r"sr_[0-7][0-9a-z]{25}_[0-9a-f]{64}\n")


@pytest.fixture
def run(tmp_path: Path, migrated_url: str) -> Run:
    """The command line with a database of its own."""
    return command_line(tmp_path, migrated_url)


def command_line(folder: Path, database_url: str) -> Run:
    env = {
        "STORYREEL_DATA_DIR": str(folder / "data"),
        "STORYREEL_DATABASE_URL": database_url,
        "STORYREEL_JWT_ISSUER": "https://id",
    }

    def run(*arguments: str) -> Result:
        return CliRunner(env=env).invoke(cli, arguments)

    return run


def test_the_first_owner_and_the_first_token_are_two_commands(
    tmp_path: Path, empty_database_url: str
) -> None:
    run = command_line(tmp_path, empty_database_url)
    owner = run("member", "add", "--client", "acme", "--user", "Ada", "--role", "owner")
    token = run("token", "create", "laptop", "--user", "Ada", "--scope", "admin")
    listed = run("token", "list")

    assert re.fullmatch(
        r"Client acme was made \(cli_\w+\)\.\nUser Ada was made \(usr_\w+\)\.\n"
        r"usr_\w+ is OWNER of acme now\.\n",
        owner.stdout,
    )
    assert TOKEN.fullmatch(token.stdout)
    assert "cannot be shown again" in token.stderr
    [_, secret] = token.stdout.strip().rsplit("_", 1)
    assert secret not in listed.stdout
    assert re.fullmatch(
        r"tok_\w+\tuntil \d{4}-\d\d-\d\d\tAda\tOWNER\teverywhere\tnever used\tlaptop\n",
        listed.stdout,
    )


def test_a_token_has_the_lower_of_scope_and_role(run: Run) -> None:
    run("member", "add", "--client", "acme", "--user", "Ada", "--role", "owner")
    for more in (
        ["--client", "acme", "--role", "viewer", "--scope", "admin"],
        ["--scope", "read", "--expires", "never"],
        ["--expires", "1d"],
    ):
        assert run("token", "create", "t", "--user", "Ada", *more).exit_code == 0

    lines = [line.split("\t") for line in run("token", "list").stdout.splitlines()]
    assert [(line[3], line[4]) for line in lines] == [
        ("EDITOR", "everywhere"),
        ("VIEWER", "everywhere"),
        ("VIEWER", "acme"),
    ]
    assert lines[1][1] == "until revoked"


def test_what_was_granted_is_taken_back(run: Run) -> None:
    for name in ("Ada", "Bea"):
        run("member", "add", "--client", "acme", "--user", name, "--role", "owner")
    run("token", "create", "t", "--user", "Ada")
    token_id = run("token", "list").stdout.split("\t")[0]

    assert run("token", "revoke", token_id).stdout == f"{token_id} is good no more.\n"
    assert "\trevoked " in run("token", "list").stdout
    lowered = run("member", "add", "--client", "acme", "--user", "Bea", "--role", "viewer")
    assert "is VIEWER of acme now" in lowered.stdout
    assert run("member", "remove", "--client", "acme", "--user", "Bea").exit_code == 0
    assert len(run("member", "list", "--client", "acme").stdout.splitlines()) == 1


def test_a_subject_of_the_provider_is_no_name_of_ours(run: Run) -> None:
    """People of a provider choose their names: what is meant for our Ada is not for theirs."""
    add = ("member", "add", "--client", "acme", "--role", "owner")
    theirs = run(*add, "--subject", "7", "--name", "Ada")
    ours = run(*add, "--user", "Ada")
    assert "User Ada was made" in theirs.stdout
    assert "User Ada was made" in ours.stdout
    assert "https://id 7" in run("member", "list").stdout


REFUSED = {
    "token create t --user Nobody": "There is no user Nobody",
    "token create t --user Ada --client none": "There is no client none",
    "token create t --user Ada --expires 3w": "Say how many days",
    "token create t --user Ada --role owner": "A role is one at a client",
    "token revoke tok_01h455vb4pex5vsknk084sn02q": "There is no such token",
    "member add --client ACME --user Ada --role owner": "A client's slug is made of",
    "member add --client acme --role owner": "Name a user, or a subject",
    "member remove --client acme --user Ada": "A client keeps one owner",
    f"member add --client acme --role owner --user {'x' * 201}": "At most 200 characters",
    f"token create t --user Ada --client {'x' * 201}": "A client's slug is made of",
}


def test_what_cannot_be_done_is_one_sentence(run: Run) -> None:
    run("member", "add", "--client", "acme", "--user", "Ada", "--role", "owner")

    for arguments, said in REFUSED.items():
        done = run(*arguments.split())
        assert (done.exit_code, done.stdout) == (1, ""), arguments
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_database_that_is_away_is_one_sentence(tmp_path: Path) -> None:
    env = {
        "STORYREEL_DATA_DIR": str(tmp_path),
        "STORYREEL_DATABASE_URL": "postgresql://me:sesame@127.0.0.1:1/film",
    }
    done = CliRunner(env=env).invoke(cli, ["token", "list"])

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "127.0.0.1:1/film cannot be used" in done.stderr
    assert "sesame" not in done.stderr


def test_names_stay_on_their_lines(run: Run) -> None:
    """An identity provider lets people choose their names."""
    name = "Ada\x1b[2J\tOWNER\nacme"
    add = ("member", "add", "--client", "acme", "--role", "owner")
    made = run(*add, "--subject", "7", "--name", name)
    listed = run("member", "list")
    user_id = listed.stdout.split("\t")[2]
    token = run("token", "create", "t", "--user", user_id)

    assert made.stdout.count("\n") == 3
    assert (listed.stdout.count("\n"), listed.stdout.count("\t")) == (1, 4)
    assert token.stderr.count("\n") == 2
    assert "\x1b" not in made.stdout + listed.stdout + token.stderr
