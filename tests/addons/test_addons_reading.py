"""Addons: several templates made one, checked, and their outputs sorted by use."""

import pytest

from cjob.reporting.errors import InputError
from cjob.template.addons.reading import Addons, read, variable_name
from cjob.yamlio import reader

PARAMETERS = "Parameters:\n  App: {Type: String}\n  Env: {Type: String}\n  Name: {Type: String}\n"
BUCKET = PARAMETERS + "Resources:\n  Bucket:\n    Type: AWS::S3::Bucket\n"


def _read(**files: str) -> Addons:
    addons = read({name.replace("_", "."): text for name, text in files.items()})
    assert addons is not None
    return addons


@pytest.mark.parametrize("files", [{}, {"addons.parameters.yml": "x"}, {"notes.txt": "x"}])
def test_without_a_template_there_are_no_addons(files: dict[str, str]) -> None:
    """A parameters file alone is not looked at."""
    assert read(files) is None


def test_templates_are_merged_by_section_in_the_order_of_their_names() -> None:
    """Unknown sections are dropped, equal definitions count once."""
    other = "Description: x\nOutputs:\n  B: {Value: 1}\nResources:\n  Table: {Type: T}\n"

    merged = _read(b_yml=other + PARAMETERS, a_yaml=BUCKET)

    assert merged.text == (
        "Parameters:\n"
        "  App: {Type: String}\n"
        "  Env: {Type: String}\n"
        "  Name: {Type: String}\n"
        "Resources:\n"
        "  Bucket:\n"
        "    Type: AWS::S3::Bucket\n"
        "  Table: {Type: T}\n"
        "Outputs:\n"
        "  B: {Value: 1}\n"
    )


def test_mappings_are_merged_on_two_levels() -> None:
    """Both files may add to one mapping."""
    first, second = ("Mappings:\n  M:\n    " + line + "\n" for line in ("a: {x: 1}", "b: {x: 2}"))

    merged = _read(a_yml=BUCKET + first, b_yml=second)

    assert "  M:\n    a: {x: 1}\n    b: {x: 2}\n" in merged.text


def test_transforms_are_a_set() -> None:
    """Each is kept once."""
    merged = _read(a_yml=BUCKET + "Transform: [T1, T2]\n", b_yml="Transform: [T2, T3]\n")

    assert "Transform:\n  - T1\n  - T2\n  - T3\n" in merged.text


def test_definitions_that_differ_are_refused_with_both_places() -> None:
    """Quotes and layout make no difference, tags do."""
    same = PARAMETERS + "Resources:\n  Bucket: {Type: 'AWS::S3::Bucket'}\n"
    differing = "Resources:\n  Bucket: {Type: AWS::S3::Table}\n"

    assert "Bucket" in _read(a_yml=BUCKET, b_yml=same).text
    with pytest.raises(InputError, match="resource 'Bucket' is defined differently") as caught:
        _read(a_yml=BUCKET, b_yml=differing)
    assert caught.value.place == "addons/b.yml:2:11"
    assert "addons/a.yml:7:5" in caught.value.hint


def test_mappings_that_differ_are_refused_with_the_inner_name() -> None:
    """The message names both levels."""
    with pytest.raises(InputError, match="mapping 'M' with 'a' is defined differently"):
        _read(a_yml=BUCKET + "Mappings: {M: {a: {x: 1}}}\n", b_yml="Mappings: {M: {a: {x: 2}}}\n")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not valid YAML"),
        ("- x", "is not a template"),
        ("Resources: [x]", "'Resources' is not a mapping"),
        ("Resources: {}", "do not declare the parameter 'App'"),
        (PARAMETERS.replace("Name", "Other"), "do not declare the parameter 'Name'"),
        (PARAMETERS + "  Extra: {Type: String}\n", "'Extra' has no value"),
    ],
)
def test_templates_that_break_a_rule_are_refused(text: str, message: str) -> None:
    """The first broken rule is named."""
    with pytest.raises(InputError, match=message):
        _read(a_yml=text)


def test_parameters_get_values_from_their_file_or_a_default() -> None:
    """Functions refer to the job's stack; a default of null is a default."""
    declared = "  Extra: {Type: String}\n  Other: {Type: String, Default: }\n"
    values = {"addons.parameters.yml": "Parameters:\n  Extra: !GetAtt LogGroup.Arn\n"}

    addons = read({"a.yml": PARAMETERS + declared, **values})

    assert addons is not None
    assert [(k, v.tag, v.value) for k, v in addons.parameters.items()] == [
        ("Extra", "!GetAtt", "LogGroup.Arn")
    ]


@pytest.mark.parametrize("text", ["Parameters:\n", "Parameters: {}\n"])
def test_a_parameters_file_may_give_nothing(text: str) -> None:
    """It then has no effect."""
    addons = read({"a.yml": BUCKET, "addons.parameters.yml": text})

    assert addons is not None
    assert addons.parameters == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "has no mapping 'Parameters'"),
        ("Other: 1", "has no mapping 'Parameters'"),
        ("Parameters: [x]", "has no mapping 'Parameters'"),
        ("Parameters: {App: x}", "'App', which is reserved"),
        ("Parameters: {Extra: x}", "declares the parameter 'Extra'"),
    ],
)
def test_a_parameters_file_that_breaks_a_rule_is_refused(text: str, message: str) -> None:
    """What it gives must be declared, and not be the job's."""
    with pytest.raises(InputError, match=message):
        read({"a.yml": BUCKET, "addons.parameters.yml": text})


def test_two_parameters_files_are_refused() -> None:
    """Which one counts would be a guess."""
    files = {"addons.parameters.yml": "Parameters:", "addons.parameters.yaml": "Parameters:"}

    with pytest.raises(InputError, match="has both"):
        read({"a.yml": BUCKET, **files})


def test_outputs_are_sorted_by_the_type_that_they_refer_to() -> None:
    """Only a Ref, in either form, tells; a security group is a variable as well."""
    resources = (
        "Resources:\n"
        "  Key: {Type: AWS::SecretsManager::Secret}\n"
        "  Access: {Type: AWS::IAM::ManagedPolicy}\n"
        "  Group: {Type: AWS::EC2::SecurityGroup}\n"
        "Outputs:\n"
        "  MyKey: {Value: !Ref Key}\n"
        "  KeyArn: {Value: !GetAtt Key.Arn}\n"
        "  AccessArn: {Value: {Ref: Access}}\n"
        "  GroupId: {Value: !Ref Group}\n"
        "  Nothing: {}\n"
    )

    addons = _read(a_yml=PARAMETERS + resources)

    assert addons.secrets == {"MyKey": "MY_KEY"}
    assert addons.policies == ("AccessArn",)
    assert addons.security_groups == ("GroupId",)
    assert list(addons.variables.values()) == ["KEY_ARN", "GROUP_ID", "NOTHING"]


@pytest.mark.parametrize(
    ("output", "variable"),
    [
        ("usersDDBTableName", "USERS_DDB_TABLE_NAME"),
        ("MyDDB2WithLSI", "MY_DDB2_WITH_LSI"),
        ("already_snake", "ALREADY_SNAKE"),
    ],
)
def test_variables_are_named_after_outputs(output: str, variable: str) -> None:
    """Words are separated where the case changes."""
    assert variable_name(output) == variable


def test_the_text_reads_back_as_yaml() -> None:
    """What is sent is a document with the sections in their order."""
    root = reader.compose(_read(a_yml=BUCKET).text, "")

    assert root is not None
    assert [key.value for key, _ in root.value] == ["Parameters", "Resources"]
