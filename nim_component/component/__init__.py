"""`NIMService` and its children: creation, order and dependencies."""
