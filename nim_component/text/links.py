"""Links to the documentation in printed texts. The paths are relative to the repository."""

TROUBLESHOOTING = "docs/troubleshooting.md"
AFTER_CTRL_C = f"{TROUBLESHOOTING}#after-ctrl-c"
AFTER_TIME_OUT = f"{TROUBLESHOOTING}#after-a-time-out"
AFTER_KILLED_RUN = f"{TROUBLESHOOTING}#after-sigkill"
AFTER_FAILED_CHANGE = f"{TROUBLESHOOTING}#after-a-failed-change"
LIVE_DIFFERENCE = f"{TROUBLESHOOTING}#live-service-differs-from-the-program"
