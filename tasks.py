"""What `inv` and `fab -c tasks` load in this checkout: the tasks of the command `ospreyops`."""

from ospreyops.commandline.listing import namespace
from ospreyops.commandline.program import adopt

adopt()
ns = namespace()
