"""What many jobs, many watchers and many writers cost, beside what the database itself takes."""
