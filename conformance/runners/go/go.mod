module example.test/subprocess

go 1.19
