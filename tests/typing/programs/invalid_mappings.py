"""Wrong mappings are errors at their lines."""

from nim_component import NIMDict, NIMService

NIMService("a", {"secrets": {"without_key": True}, "imag": "a/b:1"})  # expect: reportArgumentType
NIMService("b", {"image": "a/b:1"})  # expect: reportArgumentType
NIMService("c", {"secrets": {"without_key": "yes"}})  # expect: reportArgumentType
NIMService("d", {"secrets": {}, "cache": {"sise": "80Gi"}})  # expect: reportArgumentType
NIMService("e", {"secrets": {}, "replicas": "2"})  # expect: reportArgumentType
NIMService("f", {"secrets": {}, "autoscaling": {"presets": ["queue"]}})  # expect: reportArgumentType

arguments: NIMDict = {"secrets": {}, "rollout": "blue-green"}  # expect: reportAssignmentType
