"""Every operation of the contract, each called once and more, in one cloud."""
