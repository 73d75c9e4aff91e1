"""Why a rollout stands still: pure rules over Kubernetes objects, and thin shells that fetch the objects and print what was found.

objects, diagnoses, rules, story    pure: what a cluster shows of a service -> diagnoses and phases
watch                              the objects, through a Kubernetes client (extra `diagnose`)
occasion, narrator                 the story inside `pulumi up`
check, models                      before `up`, and after it
"""
