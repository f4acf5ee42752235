"""Who belongs to the upstream: each source reports, none of them decides."""
