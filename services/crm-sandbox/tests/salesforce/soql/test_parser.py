import pytest

from crm_sandbox.salesforce.errors import RequestError
from crm_sandbox.salesforce.soql.parser import parse


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id FROM Account",
        "select id, name from Account a where a.Name like 'x%' order by name desc nulls last limit 5 offset 2",
        "SELECT COUNT() FROM Account WHERE Name != null",
        "SELECT FIELDS(STANDARD) FROM Account",
        "SELECT Id FROM Account WHERE (Name = 'a' OR Name = 'b') AND NOT (Name IN ('c') AND Fax NOT IN ('d', null))",
        "SELECT Id FROM Account WHERE CreatedDate >= LAST_N_DAYS:30 AND CreatedDate < 2026-01-01T00:00:00.000+01:00",
        "SELECT Id FROM Account WHERE AnnualRevenue > -1.5e3",
    ],
)
def test_it_reads_the_queries_it_promises(soql: str) -> None:
    assert parse(soql).text == soql


@pytest.mark.parametrize(
    ("soql", "named"),
    [
        ("", "expecting 'SELECT'"),
        ("SELECT FROM Account", "expecting a field's name"),
        ("SELECT Id", "expecting 'FROM'"),
        ("SELECT Id FROM Account GROUP BY Name", "GROUP BY is not supported"),
        ("SELECT Id FROM Account HAVING Name = 'x'", "HAVING is not supported"),
        ("SELECT Id FROM Account WITH SECURITY_ENFORCED", "WITH is not supported"),
        ("SELECT Id FROM Account USING SCOPE mine", "USING SCOPE is not supported"),
        ("SELECT Id FROM Account FOR UPDATE", "FOR is not supported"),
        ("SELECT Id FROM Account LIMIT 1 ALL ROWS", "ALL ROWS is not supported"),
        ("SELECT Id, (SELECT Id FROM Contacts) FROM Account", "nested queries in SELECT"),
        ("SELECT TYPEOF What WHEN Account THEN Id END FROM Event", "TYPEOF is not supported"),
        ("SELECT MAX(Amount) FROM Opportunity", "the function MAX(…) in SELECT"),
        ("SELECT COUNT(Id) FROM Account", "the function COUNT(…) in SELECT"),
        ("SELECT Id FROM Account, Contact", "a second object in FROM"),
        ("SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)", "a nested SELECT in IN"),
        ("SELECT Id FROM Account WHERE CALENDAR_YEAR(CreatedDate) = 2026", "the function CALENDAR_YEAR(…) in WHERE"),
        ("SELECT Id FROM Account WHERE CreatedDate = THIS_MONTH", "the date literal THIS_MONTH"),
        ("SELECT Id FROM Account WHERE CreatedDate = LAST_N_MONTHS:3", "the date literal LAST_N_MONTHS"),
        ("SELECT Id FROM Account WHERE Tags__c INCLUDES ('a')", "INCLUDES is not supported"),
        ("SELECT Id FROM Account WHERE Name = :name", "bind variables"),
        ("SELECT Id FROM Account WHERE Name = 'a' OR Name = 'b' AND Fax = 'c'", "AND and OR need parentheses"),
        ("SELECT Id FROM Account WHERE Name = other", "unexpected token: 'other'"),
        ("SELECT Id FROM Account WHERE Name", "unexpected token: '<EOF>'"),
        ("SELECT Id FROM Account WHERE Name = 'open", "unterminated string"),
        ('SELECT Id FROM Account WHERE Name = "x"', "unexpected token: '\"'"),
        ("SELECT Id FROM Account ORDER BY DISTANCE(a) ASC", "the function DISTANCE(…) in ORDER BY"),
        ("SELECT Id FROM Account LIMIT -1", "LIMIT needs a whole number"),
        ("SELECT Id FROM Account LIMIT 1.5", "LIMIT needs a whole number"),
        ("SELECT Id FROM Account LIMIT 9999999999", "LIMIT needs a whole number"),
        ("SELECT Id FROM Account OFFSET x", "OFFSET needs a whole number"),
        ("SELECT Id FROM Account; DROP TABLE x", "unexpected token: ';'"),
        ("SELECT Id FROM Account LIMIT 1 nonsense", "unexpected token: 'nonsense'"),
        ("SELECT FIELDS(SOME) FROM Account", "FIELDS takes ALL"),
    ],
)
def test_it_refuses_by_name_what_it_does_not_speak(soql: str, named: str) -> None:
    with pytest.raises(RequestError) as refusal:
        parse(soql)
    assert refusal.value.code == "MALFORMED_QUERY"
    assert named in refusal.value.message
    assert "ERROR at Row:1:Column:" in refusal.value.message
