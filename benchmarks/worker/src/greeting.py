GREETING = "Hello world!"
