"""Policy pack for `pulumi preview --policy-pack policies`."""

from pack import POLICIES
from pulumi_policy import PolicyPack

PolicyPack("nim-component", POLICIES)
