"""An instance that provisions itself: `@local`, in the groups that its launch template names."""

from slackwater.bundle.instance import groups as _groups

globals().update(_groups())
