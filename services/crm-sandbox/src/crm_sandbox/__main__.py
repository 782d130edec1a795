"""`python -m crm_sandbox` takes the same flags as `recordsmith sandbox`."""

from crm_sandbox.commands import app

if __name__ == "__main__":
    app(prog_name="python -m crm_sandbox")
