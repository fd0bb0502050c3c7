"""Who somebody is: accounts, logins, and tokens that other services check by themselves."""
