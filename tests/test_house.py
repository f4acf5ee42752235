"""The floor plan: which room may know which, and what stands where."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parents[1]
ROLES = sorted(path.stem for path in (HOUSE / "roles").glob("*.py") if path.stem != "__init__")
LONGEST_MODULE, LONGEST_FUNCTION, NINE_IN_TEN, MEDIAN = 300, 60, 25, 8
STANDARD = {"__future__", "pathlib", "typing", "collections"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module)


def top_level_imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    module = ast.Module([node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)], [])
    return {name for node in module.body for name in _names(node)}


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [] if not isinstance(node, ast.ImportFrom) or node.level else [str(node.module)]


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (HOUSE / folder).rglob("*.py"))


def tracked(*patterns: str) -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=HOUSE,
        check=True,
        capture_output=True,
        text=True,
    )
    return [HOUSE / line for line in done.stdout.splitlines() if (HOUSE / line).is_file()]


@pytest.mark.parametrize("path", python_files("group_data"), ids=lambda path: path.name)
def test_group_data_only_declares(path: Path) -> None:
    """Group data know the settings and the ssh transport, nothing that acts."""
    allowed = {"slackwater", "slackwater.engine.transport"} | STANDARD

    assert set() == set(imports(path)) - allowed


@pytest.mark.parametrize("name", ROLES)
def test_a_role_knows_only_pyinfra_the_settings_and_the_engine(name: str) -> None:
    """A role describes; what it needs of the world comes through the engine."""
    allowed = {"pyinfra", "pyinfra.api", "slackwater.settings", "slackwater.engine", "slackwater.resources"} | STANDARD
    cloud = {"slackwater.aws.operations"} if name == "scaling_group" else set()

    assert set() == set(imports(HOUSE / f"roles/{name}.py")) - allowed - cloud


def test_what_is_pure_of_the_cloud_asks_nobody() -> None:
    """A plan is made of values: neither boto3, nor a clock, nor the writing half is within its reach."""
    forbidden = {"boto3", "botocore", "time", "slackwater.aws.apply", "pyinfra"}
    pure = [HOUSE / f"src/slackwater/aws/{name}.py" for name in ("call", "plan", "tags", "saved")]

    assert [] == [path.name for path in pure if forbidden & set(imports(path))]


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_one_deploy_function_of_its_own_name(name: str) -> None:
    """One module is one role is one @deploy function: a reader guesses the path and is right."""
    tree = ast.parse((HOUSE / f"roles/{name}.py").read_text())
    deploys = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]

    assert [name] == deploys


@pytest.mark.parametrize("name", ROLES)
def test_every_role_has_its_test(name: str) -> None:
    """A role without a test is red until it has one."""
    assert (HOUSE / f"tests/roles/test_{name}.py").is_file()


def test_every_template_belongs_to_a_role() -> None:
    """A template's directory bears the name of the role that renders it."""
    folders = {path.name for path in (HOUSE / "templates").iterdir() if path.is_dir()}

    assert set() == folders - set(ROLES)


def test_agents_need_nothing_but_python() -> None:
    """What runs on a VM imports the standard library; pyinfra, roles and settings are not there."""
    foreign = re.compile(r"(pyinfra|roles|slackwater|pydantic|jinja2|yaml|click|rich)(\.|$)")
    named = {f"{path.name}: {name}" for path in python_files("src/slackwater/agents") for name in imports(path)}

    assert set() == {entry for entry in named if foreign.match(entry.split(": ")[1])}


def test_agents_import_requests_and_boto3_only_where_they_are_used() -> None:
    """An idle agent stays small: the heavy ones are imported inside the functions that need them."""
    heavy = {"requests", "boto3"}

    assert [] == [path for path in python_files("src/slackwater/agents") if heavy & top_level_imports(path)]


def test_the_library_does_not_know_the_roles() -> None:
    """Arrows point one way: from deploy.py to roles to the library."""
    found = {str(path.relative_to(HOUSE)) for path in python_files("src") for name in imports(path) if name == "roles"}

    assert set() == found


def test_deploy_py_is_short_and_has_no_logic() -> None:
    """It says who gets what, in order."""
    lines = (HOUSE / "deploy.py").read_text().splitlines()

    assert len(lines) <= 44


def test_every_module_says_what_it_is() -> None:
    """The first line of a module is a sentence about it."""
    files = [path for path in tracked("*.py") if path.stat().st_size]

    assert [] == [str(path) for path in files if not ast.get_docstring(ast.parse(path.read_text()))]


def test_modules_and_functions_are_short() -> None:
    """Half of the functions have 8 lines or fewer, nine in ten 25, none over 60; no module over 300."""
    files = python_files("src", "roles", "examples")
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text()))]
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    sizes = sorted((node.end_lineno or 0) - node.lineno + 1 for node in nodes if isinstance(node, kinds))

    assert [] == [str(path) for path in files if path.read_text().count("\n") > LONGEST_MODULE]
    assert MEDIAN >= sizes[len(sizes) // 2]
    assert NINE_IN_TEN >= sizes[int(len(sizes) * 0.9)]
    assert LONGEST_FUNCTION >= sizes[-1]


def test_no_registry_is_named() -> None:
    """Packages come from wherever the machine's own tools are set up for."""
    hosts = (
        "pypi" + ".org",
        "pythonhosted" + ".org",
        "deb.debian" + ".org",
        "security.debian" + ".org",
        "npmjs" + ".org",
    )
    texts = {path: path.read_text(errors="ignore") for path in tracked() if path.suffix != ".png"}

    assert [] == [str(path) for path, text in texts.items() if any(host in text for host in hosts)]


@pytest.mark.parametrize("script", ["demo", "test", "check", "bench", "setup", "pin"])
def test_every_script_says_in_one_line_what_it_is(script: str) -> None:
    """The second line of a script is a comment that says what it is for."""
    lines = (HOUSE / "scripts" / script).read_text().splitlines()

    assert re.match(r"^(# .+\.|\"\"\".+)", lines[1])


def test_ci_runs_the_command_of_the_readme() -> None:
    """The same command everywhere."""
    assert "scripts/test" in (HOUSE / ".ci/run").read_text()
    assert "scripts/test" in (HOUSE / "README.md").read_text()
    assert "scripts/demo" in (HOUSE / "README.md").read_text()


def test_each_public_name_is_declared_once() -> None:
    """`slackwater` exports exactly what it lists, and every setting that group data can hold."""
    import slackwater

    assert sorted(slackwater.__all__) == slackwater.__all__
    assert [] == [name for name in slackwater.__all__ if not hasattr(slackwater, name)]
