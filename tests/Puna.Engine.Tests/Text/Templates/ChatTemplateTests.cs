using System.Text.Json;
using Puna.Engine.Text.Templates;

namespace Puna.Engine.Tests.Text.Templates;

public sealed class ChatTemplateTests
{
    private static readonly DateTime Now = new(2026, 3, 14, 15, 9, 26);

    [Fact]
    public void Messages_and_tokens_are_the_variables_of_a_plain_conversation()
    {
        var template = ChatTemplate.Parse(
            "{{ bos_token }}{% for m in messages %}{{ m.role }}:{{ m.content }}{{ eos_token }}{% endfor %}{{ add_generation_prompt }}{{ tools is defined }}"
        );

        var prompt = template.Render(
            [new("user", "Hi"), new("bot", "Yo")],
            true,
            "<a>",
            "<b>",
            Now
        );

        Assert.Equal("<a>user:Hi<b>bot:Yo<b>TrueFalse", prompt);
    }

    [Theory]
    [InlineData("""[{"role": "user"}]""", "1<s></s>False")]
    [InlineData(
        """{"messages": [1, 2], "add_generation_prompt": true, "bos_token": "B"}""",
        "2B</s>True"
    )]
    [InlineData("""{"messages": [], "eos_token": null}""", "0<s>NoneFalse")]
    public void Json_variables_are_an_array_of_messages_or_an_object(string json, string expected)
    {
        using var document = JsonDocument.Parse(json);
        var template = ChatTemplate.Parse(
            "{{ messages|length }}{{ bos_token }}{{ eos_token }}{{ add_generation_prompt }}"
        );

        Assert.Equal(expected, template.Render(document.RootElement, Now));
    }

    [Theory]
    [InlineData("5", "a JSON number")]
    [InlineData("\"text\"", "a JSON string")]
    [InlineData("null", "a JSON null")]
    [InlineData("[18446744073709551616]", "only 64-bit integers")]
    [InlineData("[\"\\ud800\"]", "not valid Unicode")]
    [InlineData("{\"\\udc00\": 1}", "not valid Unicode")]
    public void Other_variables_are_refused_in_one_sentence(string json, string expected)
    {
        using var document = JsonDocument.Parse(json);

        var error = Assert.Throws<InputException>(() =>
            ChatTemplate.Parse("x").Render(document.RootElement, Now)
        );

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a\nb\n{{ x.y }}", "line 3: 'x' is undefined.")]
    [InlineData(
        "{% for m in messages %}\n{{ m\n}}\n{{ 1 + 'a' }}{% endfor %}",
        "line 4: '+' is not defined for int and str."
    )]
    [InlineData(
        "\n{% if true %}\n\n{{ raise_exception('No tools!') }}{% endif %}",
        "refuses this conversation in line 4: No tools!"
    )]
    [InlineData(
        "\n\n{% if x",
        "syntax error in line 3: the template ends inside a tag, expected '%}'."
    )]
    [InlineData(
        "{{ 'a' }}\n{% if x %}\nb",
        "syntax error in line 3: unexpected the end of the template, expected 'elif' or 'else' or 'endif' for the tag of line 2."
    )]
    [InlineData("{{ x|join(', ) }}", "line 1: a string is not closed")]
    [InlineData("\n{{ 99999999999999999999 }}", "line 2: an integer does not fit 64 bits")]
    [InlineData("{{ 9223372036854775807 + 1 }}", "does not fit a 64-bit integer")]
    [InlineData(
        "{% include 'secrets' %}",
        "'include' is refused, because a chat template cannot read other templates"
    )]
    [InlineData("{% for a in b recursive %}{% endfor %}", "recursive loops are not supported")]
    [InlineData("{{ x y }}", "expected '}}'")]
    [InlineData("{{ \"\\x4\" }}", "the escape \\x is incomplete, expected 2 hexadecimal digits")]
    [InlineData("{{ € }}", "unexpected character U+20AC")]
    [InlineData("{{ NAME }}", "a name has 1001 characters, expected at most 1000")]
    public void Errors_name_the_line_and_what_is_wrong(string template, string expected)
    {
        template = template.Replace("NAME", new string('n', 1001), StringComparison.Ordinal);
        var error = Assert.Throws<InputException>(() =>
            ChatTemplate.Parse(template).Render([new("user", "Hi")], false, "", "", Now)
        );

        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_generation_block_renders_its_body_in_a_scope_of_its_own()
    {
        var template = ChatTemplate.Parse(
            "{% for m in messages %}{% generation %}\n{% set x = 1 %}{{ m.content }}{% endgeneration %}\n{{ x is defined }}{% endfor %}"
        );

        Assert.Equal("HiFalse", template.Render([new("user", "Hi")], false, "", "", Now));
    }

    [Fact]
    public void A_template_renders_the_same_twice_and_keeps_no_state()
    {
        var template = ChatTemplate.Parse(
            "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = ns.n + 1 %}{% endfor %}{{ ns.n }}{{ seen is defined }}{% set seen = 1 %}"
        );

        Assert.Equal("1False", template.Render([new("user", "a")], false, "", "", Now));
        Assert.Equal("1False", template.Render([new("user", "a")], false, "", "", Now));
    }

    [Fact]
    public void A_variable_may_hide_a_function_and_a_template_may_not_see_net_members()
    {
        using var document = JsonDocument.Parse("""{"range": 5, "messages": []}""");

        var prompt = ChatTemplate
            .Parse(
                "{{ range }}{{ messages.Count }}{{ messages.Items }}{{ 'a'.Length }}{{ dict.Invoke }}"
            )
            .Render(document.RootElement, Now);

        Assert.Equal("5", prompt);
    }

    [Theory]
    [InlineData(2024, 2, 29, 0, 5, "29 Feb 2024 12:05 AM 060 4")]
    [InlineData(2023, 1, 1, 12, 0, "01 Jan 2023 12:00 PM 001 0")]
    [InlineData(2025, 12, 31, 23, 59, "31 Dec 2025 11:59 PM 365 3")]
    public void Time_is_formatted_at_the_edges_of_day_and_year(
        int year,
        int month,
        int day,
        int hour,
        int minute,
        string expected
    )
    {
        var prompt = ChatTemplate
            .Parse("{{ strftime_now('%d %b %Y %I:%M %p %j %w') }}")
            .Render([], false, "", "", new DateTime(year, month, day, hour, minute, 0));

        Assert.Equal(expected, prompt);
    }
}
