using System.Text;
using System.Text.Json;
using Puna.Engine.Text.Templates;

namespace Puna.Engine.Tests.Text.Templates;

/// <summary>Hostile templates end in one sentence that names the limit and the line.</summary>
public sealed class TemplateLimitTests
{
    private const string Grow = "{% set ns = namespace(x='ab', l=[1]) %}{% for i in range(99) %}\n";

    // A twentieth of the default limits: every case ends in the same way, only sooner.
    private static readonly TemplateLimits Small = new()
    {
        Steps = 1_000_000,
        TextLength = 1 << 20,
        TotalText = 1 << 23,
    };

    private static readonly DateTime Now = new(2026, 3, 14, 15, 9, 26);

    [Theory]
    [InlineData(
        "nearly endless loops",
        "{% for a in range(100000) %}{% for b in range(100000) %}{% for c in range(100000) %}\n{% endfor %}{% endfor %}{% endfor %}",
        "steps"
    )]
    [InlineData(
        "long range",
        "{% for a in range(100001) %}{% endfor %}",
        "range of 100001 elements"
    )]
    [InlineData(
        "overflowing range",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "range of"
    )]
    [InlineData(
        "deep macro",
        "{% macro m(x) %}{{ m(x) }}{% endmacro %}{{ m(1) }}",
        "nested deeper than"
    )]
    [InlineData(
        "mutual macros",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{% for i in [1] %}{{ a() }}{% endfor %}{% endmacro %}{{ a() }}",
        "nested deeper than"
    )]
    [InlineData("doubling text", Grow + "{% set ns.x = ns.x + ns.x %}{% endfor %}", "characters")]
    [InlineData("doubling by ~", Grow + "{% set ns.x = ns.x ~ ns.x %}{% endfor %}", "characters")]
    [InlineData(
        "doubling by join",
        Grow + "{% set ns.x = ns.x.join([ns.x, ns.x]) %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "doubling by replace",
        Grow + "{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "doubling by block",
        Grow + "{% set b %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = b %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "doubling by format",
        Grow + "{% set ns.x = '%s%s' % (ns.x, ns.x) %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "doubling by braces",
        Grow + "{% set ns.x = '{0}{0}'.format(ns.x) %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "doubling by indent",
        Grow + "{% set ns.x = ns.x|replace('a', '\na')|indent(900) %}{% endfor %}",
        "characters"
    )]
    [InlineData("doubling list", Grow + "{% set ns.l = ns.l + ns.l %}{% endfor %}", "steps")]
    [InlineData("repeated text", "{{ 'a' * 9223372036854775807 }}", "characters")]
    [InlineData("repeated list", "{{ [1, 2] * 9223372036854775807 }}", "steps")]
    [InlineData("wide padding", "{{ 'a'.center(9223372036854775807) }}", "characters")]
    [InlineData(
        "shared nesting printed",
        Grow + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "steps"
    )]
    [InlineData(
        "shared nesting as JSON",
        Grow + "{% set ns.l = {'a': ns.l, 'b': ns.l} %}{% endfor %}{{ ns.l|tojson }}",
        "steps"
    )]
    [InlineData(
        "shared nesting compared",
        "{% set ns = namespace(l=[1], m=[1]) %}{% for i in range(99) %}{% set ns.l = [ns.l, ns.l] %}{% set ns.m = [ns.m, ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        "steps"
    )]
    [InlineData(
        "deep list",
        "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l }}",
        "nested deeper than"
    )]
    [InlineData(
        "deep list as JSON",
        "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}{{ ns.l|tojson(indent=1) }}",
        "nested deeper than"
    )]
    [InlineData(
        "deep lists compared",
        "{% set ns = namespace(l=[], m=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% endfor %}{{ ns.l == ns.m }}",
        "nested deeper than"
    )]
    [InlineData(
        "deep lists ordered",
        "{% set ns = namespace(l=[1], m=[2]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% set ns.m = [ns.m] %}{% endfor %}{{ ns.l < ns.m }}",
        "nested deeper than"
    )]
    [InlineData(
        "much text that is thrown away",
        "{% set ns = namespace(x='a' * 100000) %}{% for i in range(9999) %}{% set ns.x = ns.x[:-1] ~ 'b' %}{% endfor %}",
        "characters"
    )]
    [InlineData(
        "long keys",
        "{% set k = 'k' * 900000 %}{% set m = {k: 1} %}{% for i in range(99999) %}{% if m[k] and k in m and m.get(k) %}{% endif %}{% endfor %}",
        "steps"
    )]
    [InlineData(
        "long texts compared",
        "{% set k = 'k' * 900000 %}{% set m = k ~ '' %}{% for i in range(99999) %}{% if k == m %}{% endif %}{% endfor %}",
        "steps"
    )]
    [InlineData(
        "many fields of many names",
        "{% set ns = namespace(p=[]) %}{% for i in range(500) %}{% set ns.p = ns.p + [['k' ~ i, i]] %}{% endfor %}{{ ('{k1}' * 100000).format(**dict(ns.p)) }}",
        "steps"
    )]
    [InlineData(
        "slow search",
        "{% set a = 'a' * 800000 %}{{ a.find('a' * 200000 + 'b' + 'a' * 200000) }}",
        "steps"
    )]
    [InlineData(
        "slow split",
        "{% set a = 'a' * 800000 %}{{ a.split('a' * 200000 + 'b' + 'a' * 200000) }}",
        "steps"
    )]
    [InlineData(
        "slow strip",
        "{% set a = 'a' * 800000 %}{{ a.strip('b' * 400000 + 'a') }}",
        "steps"
    )]
    public void A_hostile_template_ends_at_a_limit(string name, string template, string limit)
    {
        var error = Assert.Throws<InputException>(() => Render(template, Small));

        Assert.Contains(limit, error.Message, StringComparison.Ordinal);
        Assert.Contains("in line ", error.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", error.Message, StringComparison.Ordinal);
        Assert.NotEmpty(name);
    }

    [Fact]
    [Trait("speed", "slow")]
    public void The_default_limits_end_an_endless_loop_too()
    {
        var error = Assert.Throws<InputException>(() =>
            Render(
                "{% for a in range(100000) %}{% for b in range(100000) %}{{ a * b }}{% endfor %}{% endfor %}"
            )
        );

        Assert.Contains("a template may", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(", 0)]
    [InlineData("[", 0)]
    [InlineData("{1:", 0)]
    [InlineData("not ", 0)]
    [InlineData("-", 0)]
    [InlineData("a[", 0)]
    [InlineData("a(", 0)]
    [InlineData("1 if 1 else ", 0)]
    [InlineData("1 is equalto (", 0)]
    [InlineData("a|b(", 0)]
    [InlineData("{% if 1 %}", 1)]
    [InlineData("{% for a in b %}", 1)]
    [InlineData("{% macro m() %}", 1)]
    [InlineData("{% set a %}", 1)]
    [InlineData("{% with %}", 1)]
    [InlineData("{% filter upper %}", 1)]
    [InlineData("{% if 1 %}{% else %}", 1)]
    [InlineData("{% for (", 2)]
    public void Deep_nesting_in_the_source_is_refused(string piece, int kind)
    {
        var pieces = new StringBuilder().Insert(0, piece, 40_000).ToString();
        var template = kind switch
        {
            0 => "{{ " + pieces,
            1 => pieces,
            _ => "{% for " + string.Concat(Enumerable.Repeat("(", 40_000)),
        };

        var error = Assert.Throws<InputException>(() => Render(template));

        Assert.Contains("line 1: ", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a", " + 1")]
    [InlineData("a", ".b")]
    [InlineData("a", "[0]")]
    [InlineData("a", "()")]
    [InlineData("1", "|string")]
    [InlineData("1", " and 1")]
    [InlineData("0", " or 0")]
    [InlineData("1", " is true is false")]
    [InlineData("2", " ** 1")]
    public void Long_chains_end_without_a_crash(string first, string piece)
    {
        var template = "{{ " + first + new StringBuilder().Insert(0, piece, 40_000) + " }}";

        Assert.Throws<InputException>(() => Render(template));
    }

    [Fact]
    public void A_template_that_is_too_long_is_refused_before_it_is_read()
    {
        var error = Assert.Throws<InputException>(() =>
            ChatTemplate.Parse(new string('a', TemplateLimits.Default.SourceLength + 1))
        );

        Assert.Contains("1048576", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_template_of_the_longest_length_is_read_in_linear_time()
    {
        foreach (
            var piece in new[]
            {
                "'a'",
                "{{a}}",
                "{#",
                "{% raw %}",
                "a.b|",
                " ",
                "{%-",
                "-%}\n",
                "\\",
                "1_",
            }
        )
        {
            var count = (TemplateLimits.Default.SourceLength - 4) / piece.Length;
            var template = new StringBuilder("{{ ").Insert(3, piece, count).ToString();
            try
            {
                Render(template);
            }
            catch (InputException exception)
            {
                Assert.DoesNotContain('\n', exception.Message);
            }
        }
    }

    [Fact]
    public void Deep_variables_are_refused()
    {
        var json = new string('[', 500) + new string(']', 500);
        using var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });

        var error = Assert.Throws<InputException>(() =>
            ChatTemplate.Parse("{{ messages }}").Render(document.RootElement, Now)
        );

        Assert.Contains(
            "nested deeper than the 200 levels",
            error.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void Limits_are_the_callers_choice()
    {
        var small = new TemplateLimits { Steps = 100 };
        using var document = JsonDocument.Parse("[]");
        const string Template = "{% for i in range(50) %}{{ i }}{% endfor %}";

        var error = Assert.Throws<InputException>(() =>
            ChatTemplate.Parse(Template, small).Render(document.RootElement, Now)
        );

        Assert.Contains("the 100 steps", error.Message, StringComparison.Ordinal);
        Assert.StartsWith(
            "0123",
            ChatTemplate.Parse(Template).Render(document.RootElement, Now),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_conversation_of_ten_thousand_turns_stays_far_below_the_limits()
    {
        var messages = Enumerable
            .Range(0, 10_000)
            .Select(turn => new ChatMessage(turn % 2 == 0 ? "user" : "assistant", $"turn {turn}"))
            .ToList();
        const string Template =
            "{% for m in messages %}{% if (m['role'] == 'user') != (loop.index0 % 2 == 0) %}"
            + "{{ raise_exception('order') }}{% endif %}{{ '<|' + m['role'] + '|>' + m['content']|trim }}{% endfor %}";

        var prompt = ChatTemplate
            .Parse(Template, new TemplateLimits { Steps = 2_000_000 })
            .Render(messages, false, "", "", Now);

        Assert.EndsWith("<|assistant|>turn 9999", prompt, StringComparison.Ordinal);
    }

    private static string Render(string template, TemplateLimits? limits = null)
    {
        using var document = JsonDocument.Parse("[]");
        return ChatTemplate.Parse(template, limits).Render(document.RootElement, Now);
    }
}
