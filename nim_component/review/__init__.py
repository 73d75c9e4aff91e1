"""Review of a change: its effects on running models.

    sources/      two renders, or a preview  ->  change.StackChange, without secrets (values)
    stack_review  StackChange                ->  findings (rules/)
    views/        findings                   ->  Markdown, JSON, terminal

All functions are pure: they read no file and no cluster.
"""
