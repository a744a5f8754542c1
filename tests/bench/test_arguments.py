"""The command line of each measurement: explained by --help, a mistake is one message, and neither starts anything."""

from importlib import import_module

import pytest

from diana.local.instance import ROOT

# The program that the others are measured against is started by `python -m bench` alone.
PROGRAMS = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "bench").rglob("*.py")
    if path.parent.name != "textbook" and 'if __name__ == "__main__"' in path.read_text()
)


def end(monkeypatch: pytest.MonkeyPatch, program: str, *words: str) -> object:
    """Run the program's main function, which is to end at once; return the status."""
    monkeypatch.setattr("sys.argv", [program, *words])
    monkeypatch.setattr("bench.world.instance", lambda: pytest.fail("it has started"))
    with pytest.raises(SystemExit) as ended:
        import_module(program).main()
    return ended.value.code


@pytest.mark.parametrize("program", PROGRAMS)
def test_it_is_explained_and_a_mistake_is_told(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], program: str
) -> None:
    assert end(monkeypatch, program, "--help") == 0
    assert capsys.readouterr().out.startswith(f"usage: python -m {program.removesuffix('.__main__')}")
    assert end(monkeypatch, program, "soon") == 2
    assert "soon" in capsys.readouterr().err


def test_each_program_is_among_them() -> None:
    assert {"bench.__main__", "bench.crowd", "bench.large_log.__main__"} <= set(PROGRAMS)
