"""Post the review of a change as one comment, on GitHub or GitLab. An existing comment is edited.

    python -I comment.py fetch FOLDER     GitHub: download the renders of the reviewed run
    python -I comment.py compute FOLDER   compare the renders with a base that is rendered here
    python -I comment.py post FOLDER      write the comment, and on GitHub a commit status
    python -I comment.py pending          replace the comment of an older commit

Each step of a workflow runs one command. Only `fetch`, `post` and `pending` get a token, and they
run no code of the change. Only the standard library is used, so the job with the token installs
nothing. Exit code: 1 if the change is not reviewed, 3 if a finding matches FAIL_ON.
"""

import sys
from pathlib import Path

# With -I, Python does not search the folder of this file.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from review_comment.commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
