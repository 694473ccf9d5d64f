"""Who may do what, tried out: every endpoint as every role over two counties full of things to find."""
