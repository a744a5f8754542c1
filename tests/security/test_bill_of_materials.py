"""The bill of materials: every package of the lock file, with its version and the digests that it is installed by."""

import importlib.util
import json
import re

import pytest

from diana.local.instance import ROOT

specification = importlib.util.spec_from_file_location("bill_of_materials", ROOT / ".ci" / "bill_of_materials.py")
assert specification is not None
bill_of_materials = importlib.util.module_from_spec(specification)
assert specification.loader is not None
specification.loader.exec_module(bill_of_materials)


def test_it_names_all_that_is_installed_with_versions_and_digests(capsys: pytest.CaptureFixture[str]) -> None:
    bill_of_materials.main()
    bill = json.loads(capsys.readouterr().out)
    lock = (ROOT / "requirements.txt").read_text()
    assert (bill["bomFormat"], bill["specVersion"]) == ("CycloneDX", "1.6")
    assert len(bill["components"]) == len(re.findall(r"^[A-Za-z0-9]", lock, re.MULTILINE))
    django = next(component for component in bill["components"] if component["name"] == "django")
    assert django["purl"] == f"pkg:pypi/django@{django['version']}"
    assert {"pip", "setuptools"} <= {component["name"] for component in bill["components"]}, "the installers, too"
    digests = {digest["content"] for component in bill["components"] for digest in component["hashes"]}
    assert digests == set(re.findall(r"sha256:([0-9a-f]{64})", lock))
