"""A fleet of real systemd machines on this machine."""
