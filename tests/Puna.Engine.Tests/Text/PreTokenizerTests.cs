using System.Text.RegularExpressions;
using Puna.Engine.Text.PreTokenizers;

namespace Puna.Engine.Tests.Text;

/// <summary>
/// The scanners against .NET's regular expressions, an independent implementation of the patterns inside the BMP;
/// beyond it, where .NET's \p{L} sees surrogates, against ids by hand.
/// </summary>
public class PreTokenizerTests
{
    private const string Gpt2 =
        @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private const string Llama3 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    [Theory]
    [InlineData("gpt-2", Gpt2)]
    [InlineData("llama-bpe", Llama3)]
    [InlineData("qwen2", null)]
    [InlineData("smollm", null)]
    [InlineData("default", null)]
    public void Words_are_those_of_the_pattern(string name, string? pattern)
    {
        string[] stages = name switch
        {
            "qwen2" => [Llama3.Replace("{1,3}", "", StringComparison.Ordinal)],
            "smollm" => [@"\p{N}", Gpt2],
            "default" => [@"[\p{P}\$\+<=>\^~\|]+", Gpt2, @"\p{N}+", "[0-9][0-9][0-9]"],
            _ => [pattern!],
        };
        var random = new Random(11);
        for (var i = 0; i < 4000; i++)
        {
            // Surrogates are one class more than the patterns know; they are looked at below.
            var text = string.Concat(
                SmallTokenizers
                    .RandomText(random, 1 + random.Next(20))
                    .Where(unit => !char.IsSurrogate(unit))
            );
            IEnumerable<string> expected = [text];
            foreach (var stage in stages)
            {
                expected = expected.SelectMany(part => Isolate(part, stage)).ToList();
            }

            Assert.Equal(expected, Words(name, text));
        }
    }

    [Theory]
    [InlineData("gpt-2", "a𝒜𝓑 𠮷𝟘𝟙1😀!", "a𝒜𝓑| 𠮷|𝟘𝟙1|😀!")]
    [InlineData("llama-bpe", "a𝒜𝓑 𠮷𝟘𝟙12😀𐍈", "a𝒜𝓑| 𠮷|𝟘𝟙1|2|😀𐍈")]
    [InlineData("qwen2", "𝟘𝟙12\n\n 𠮷", "𝟘|𝟙|1|2|\n\n| 𠮷")]
    [InlineData("smollm", "x 𝟘𝟙 1", "x| |𝟘|𝟙| |1")]
    [InlineData("llama-bpe", "it'ſ It'S", "it|'ſ| It|'S")]
    [InlineData("gpt-2", "It'S", "It|'|S")]
    [InlineData("llama-bpe", " \n \n  x", " \n \n| | x")]
    [InlineData("llama-bpe", "\u0085\u200b\u180e1", "\u0085|\u200b\u180e|1")]
    public void Words_by_hand(string name, string text, string words) =>
        Assert.Equal(words.Split('|'), Words(name, text));

    [Fact]
    public void An_unknown_name_is_refused_with_the_known_ones()
    {
        var fault = Assert.Throws<InputException>(() => PreTokenizer.ByName("tekken"));
        Assert.Contains("'tekken'", fault.Message, StringComparison.Ordinal);
        Assert.Contains("llama-bpe", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void White_space_is_the_unicode_property()
    {
        for (var value = 0; value <= 0xFFFF; value++)
        {
            Assert.Equal(
                char.IsWhiteSpace((char)value),
                Puna.Engine.Text.PreTokenizers.WhiteSpace.Is(value)
            );
        }
    }

    private static List<string> Words(string name, string text)
    {
        var ends = new List<int>();
        PreTokenizer.ByName(name).Split(text, ends);
        var words = new List<string>();
        var start = 0;
        foreach (var end in ends)
        {
            words.Add(text[start..end]);
            start = end;
        }

        Assert.Equal(text, string.Concat(words));
        return words;
    }

    private static IEnumerable<string> Isolate(string text, string pattern)
    {
        var at = 0;
        foreach (
            var match in Regex
                .Matches(text, pattern, RegexOptions.CultureInvariant, TimeSpan.FromSeconds(10))
                .Cast<Match>()
        )
        {
            if (match.Index > at)
            {
                yield return text[at..match.Index];
            }

            yield return match.Value;
            at = match.Index + match.Length;
        }

        if (at < text.Length)
        {
            yield return text[at..];
        }
    }
}
