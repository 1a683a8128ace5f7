using System.Text.Json;
using Puna.Engine.Text.Templates;
using Puna.Testing;

namespace Puna.Engine.Tests.Text.Templates;

/// <summary>
/// Each construct against jinja2 3.1 itself: jinja_cases.py holds the templates and writes what jinja2 renders, or the
/// error, to jinja_cases.jsonl beside it.
/// </summary>
public sealed class JinjaCaseTests
{
    private static readonly DateTime Now = new(2026, 3, 14, 15, 9, 26);

    private static readonly Lazy<string[]> Lines = new(() =>
        File.ReadAllLines(
            Path.Combine(
                SharedData.Root,
                "tests",
                "Puna.Engine.Tests",
                "Text",
                "Templates",
                "jinja_cases.jsonl"
            )
        )
    );

    public static TheoryData<int, string> Cases()
    {
        var cases = new TheoryData<int, string>();
        for (var index = 1; index < Lines.Value.Length; index++)
        {
            using var document = JsonDocument.Parse(Lines.Value[index]);
            cases.Add(index, document.RootElement.GetProperty("template").GetString()!);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_construct_renders_or_fails_as_in_jinja2(int line, string template)
    {
        using var first = JsonDocument.Parse(Lines.Value[0]);
        using var expected = JsonDocument.Parse(Lines.Value[line]);
        var variables = first.RootElement.GetProperty("variables");

        if (expected.RootElement.TryGetProperty("rendered", out var rendered))
        {
            Assert.Equal(rendered.GetString(), ChatTemplate.Parse(template).Render(variables, Now));
        }
        else
        {
            Assert.Throws<InputException>(() =>
                ChatTemplate.Parse(template).Render(variables, Now)
            );
        }
    }
}
