"""What sshd starts for every session of Wavegate's account on an FRR router (docs/guides/frr.md)."""

import sys

from wavegate_frr.session import main

sys.exit(main())
