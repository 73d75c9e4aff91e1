"""What a change does to running models: pure functions from two renders, or a preview, to findings and their views.

`renders` and `preview` make one model of both sources (`change`), cleaned of secrets at that boundary (`values`); `review` asks every rule;
`markdown`, `as_json` and `terminal` are views of the same findings.
"""
