"""Diagnosis of services in a cluster: their phases, and the causes of what is wrong.

Pure, from objects to results: `snapshot`, `phases`, `rules`, `diagnosis`, `causes`.
Reading of the cluster: `watch`, `store`, `on_demand`, `served_models`, `requested_models`.
Callers: `explain` for the command, `progress` for `pulumi up`; `targets` for the services of a
stack.
"""
