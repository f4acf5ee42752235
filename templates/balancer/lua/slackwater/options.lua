-- What the configuration says, for all modules; filled once by setup.begin, before any worker exists.
return { method = "least_conn", max_fails = 3, fail_timeout = 10, tries = 3, state = nil, nobody = 8083 }
