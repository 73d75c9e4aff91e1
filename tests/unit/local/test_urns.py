"""URNs, and aliases that children inherit."""

from nim_component.local import urns
from nim_component.local.urns import AliasSpec

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
OLD = "urn:pulumi:dev::p::a:b:C::old"
NEW = "urn:pulumi:dev::p::a:b:C::new"
CHILD = "urn:pulumi:dev::p::a:b:C$d:e:F::new-config"


def test_stack_type_is_omitted_from_urn() -> None:
    assert urns.make("dev", "p", STACK, "a:b:C", "x") == "urn:pulumi:dev::p::a:b:C::x"


def test_urn_contains_types_of_all_parents() -> None:
    assert urns.make("dev", "p", CHILD, "g:h:I", "x") == "urn:pulumi:dev::p::a:b:C$d:e:F$g:h:I::x"


def test_name_may_contain_the_separator() -> None:
    assert urns.parse("urn:pulumi:dev::p::a:b:C::x::y").name == "x::y"


def test_name_alias_keeps_type_and_parent() -> None:
    assert urns.find_former_urns(NEW, STACK, [AliasSpec(name="old")], {}) == [OLD]


def test_type_alias_keeps_the_name() -> None:
    assert urns.find_former_urns(NEW, STACK, [AliasSpec(type="x:y:Z")], {}) == ["urn:pulumi:dev::p::x:y:Z::new"]


def test_parent_alias_changes_the_qualified_type() -> None:
    assert urns.find_former_urns(NEW, STACK, [AliasSpec(parent=OLD)], {}) == ["urn:pulumi:dev::p::a:b:C$a:b:C::new"]


def test_alias_without_parent_is_top_level() -> None:
    assert urns.find_former_urns(CHILD, NEW, [AliasSpec(no_parent=True)], {}) == ["urn:pulumi:dev::p::d:e:F::new-config"]


def test_urn_alias_is_used_unchanged() -> None:
    assert urns.find_former_urns(NEW, STACK, [AliasSpec(urn="urn:pulumi:x::y::z:z:Z::z")], {}) == ["urn:pulumi:x::y::z:z:Z::z"]


def test_child_inherits_the_matched_alias_of_its_parent() -> None:
    assert urns.find_former_urns(CHILD, NEW, [], {NEW: OLD}) == ["urn:pulumi:dev::p::a:b:C$d:e:F::old-config"]


def test_own_and_inherited_aliases_are_combined() -> None:
    found = urns.find_former_urns(CHILD, NEW, [AliasSpec(name="new-settings")], {NEW: OLD})
    assert "urn:pulumi:dev::p::a:b:C$d:e:F::old-settings" in found


def test_no_aliases_return_no_former_urns() -> None:
    assert urns.find_former_urns(CHILD, NEW, [], {}) == []
