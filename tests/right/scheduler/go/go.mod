module scheduler

go 1.23
