using System.Text;
using System.Text.Json;
using Puna.Engine.Text.Templates;
using Puna.Testing;

namespace Puna.Engine.Tests.Text.Templates;

/// <summary>Damaged copies of real templates: each renders or is refused, nothing else.</summary>
public sealed class TemplateFuzzTests
{
    private const int Mutations = 20_000;

    private static readonly DateTime Now = new(2026, 3, 14, 15, 9, 26);

    // A damaged loop may well run long; small limits keep the test short without changing what can go wrong.
    private static readonly TemplateLimits Limits = new() { Steps = 200_000, TextLength = 1 << 18 };

    private static readonly string[] Pieces =
    [
        "{%",
        "%}",
        "{{",
        "}}",
        "{#",
        "#}",
        "-",
        "+",
        "*",
        "**",
        "//",
        "%",
        "~",
        "|",
        ".",
        ",",
        ":",
        "=",
        "==",
        "<",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "'",
        "\"",
        "\\",
        "\n",
        " if ",
        " else ",
        " for ",
        " in ",
        " not ",
        " is ",
        " and ",
        "endif",
        "endfor",
        "macro",
        "set ",
        "loop",
        "messages",
        "none",
        "true",
        "0",
        "-1",
        "9223372036854775807",
        "1e999",
        "0.5",
        "[::-1]",
        "|length",
        "|tojson",
        "|join",
        "|sort",
        "|map('upper')",
        ".split(",
        ".replace('', 'a')",
        "range(9)",
        "namespace()",
        "* 999999",
        "🦙",
        "\ud800",
        "\0",
        "é",
        "{% raw %}",
        "{% endraw %}",
        "{% break %}",
        "{% else %}",
    ];

    [Fact]
    [Trait("reference", "templates")]
    [Trait("speed", "slow")]
    public void Twenty_thousand_damaged_templates_render_or_are_refused()
    {
        var folder = SharedData.Path("templates");
        var seeds = Directory
            .GetFiles(folder, "*.jinja")
            .Order(StringComparer.Ordinal)
            .Select(file =>
                (
                    File.ReadAllText(file),
                    File.ReadAllLines(Path.ChangeExtension(file, ".expected.jsonl"))
                        .Select(line => JsonDocument.Parse(line).RootElement)
                        .ToArray()
                )
            )
            .ToArray();
        var random = new Random(20260314);
        var rendered = 0;
        for (var round = 0; round < Mutations; round++)
        {
            var (source, conversations) = seeds[round % seeds.Length];
            var template = Damage(source, seeds[random.Next(seeds.Length)].Item1, random);
            try
            {
                var prompt = ChatTemplate
                    .Parse(template, Limits)
                    .Render(conversations[random.Next(conversations.Length)], Now);
                Assert.True(prompt.Length <= Limits.TextLength);
                rendered++;
            }
            catch (InputException exception)
            {
                Assert.True(exception.Message.Length > 20);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"round {round}: {exception}\n{template}");
            }
        }

        Assert.InRange(rendered, Mutations / 100, Mutations * 99 / 100);
    }

    [Fact]
    [Trait("reference", "templates")]
    [Trait("speed", "slow")]
    public void Twenty_thousand_damaged_conversations_render_or_are_refused()
    {
        var folder = SharedData.Path("templates");
        var seeds = Directory
            .GetFiles(folder, "*.jinja")
            .Order(StringComparer.Ordinal)
            .Select(file =>
                (
                    ChatTemplate.Parse(File.ReadAllText(file), Limits),
                    File.ReadAllLines(Path.ChangeExtension(file, ".expected.jsonl"))
                )
            )
            .ToArray();
        var random = new Random(20260315);
        var (parsed, rendered) = (0, 0);
        for (var round = 0; round < Mutations; round++)
        {
            var (template, conversations) = seeds[round % seeds.Length];
            var source = conversations[random.Next(conversations.Length)];
            var json = DamageValue(source, random);
            try
            {
                using var variables = JsonDocument.Parse(Encoding.UTF8.GetBytes(json));
                parsed++;
                _ = template.Render(variables.RootElement, Now);
                rendered++;
            }
            catch (JsonException)
            {
                // The command says so; what counts here is what still is JSON.
            }
            catch (InputException exception)
            {
                Assert.True(exception.Message.Length > 20);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"round {round}: {exception}\n{json}");
            }
        }

        Assert.InRange(rendered, Mutations / 100, parsed - 1);
    }

    /// <summary>Puts other values in the places of values, and now and then breaks the text.</summary>
    private static string DamageValue(string json, Random random)
    {
        string[] values =
        [
            "null",
            "true",
            "-1",
            "1e999",
            "123456789012345678901234567890",
            "\"\"",
            "\"\\ud800\"",
            "\"user\"",
            "[]",
            "[[]]",
            "{}",
            "{\"role\": \"user\"}",
            "[{\"type\": \"text\"}]",
        ];
        var text = new StringBuilder(json);
        for (var count = random.Next(1, 4); count > 0; count--)
        {
            var at = text.ToString().IndexOf(':', random.Next(text.Length));
            if (at < 0 || random.Next(10) == 0)
            {
                text[random.Next(text.Length)] = "[]{},:\"\\0"[random.Next(9)];
                continue;
            }

            var end = at + 1;
            while (end < text.Length && !",}]".Contains(text[end], StringComparison.Ordinal))
            {
                end++;
            }

            text.Remove(at + 1, end - at - 1);
            text.Insert(at + 1, values[random.Next(values.Length)]);
        }

        return text.ToString();
    }

    private static string Damage(string source, string other, Random random)
    {
        var text = new StringBuilder(source);
        for (var count = random.Next(1, 5); count > 0 && text.Length > 0; count--)
        {
            var at = random.Next(text.Length);
            var length = Math.Min(random.Next(1, 20), text.Length - at);
            switch (random.Next(5))
            {
                case 0:
                    text.Remove(at, length);
                    break;
                case 1:
                    text.Insert(at, Pieces[random.Next(Pieces.Length)]);
                    break;
                case 2:
                    text.Insert(random.Next(text.Length), text.ToString(at, length));
                    break;
                case 3:
                    text[at] = (char)random.Next(32, 127);
                    break;
                default:
                    var from = random.Next(other.Length);
                    text.Insert(
                        at,
                        other.AsSpan(from, Math.Min(random.Next(60), other.Length - from))
                    );
                    break;
            }
        }

        return text.ToString();
    }
}
