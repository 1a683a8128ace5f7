using Puna.Cli.Models;
using Puna.Engine;

namespace Puna.EndToEnd.Tests;

/// <summary>Lists of ids as people write them.</summary>
public sealed class IdListTests
{
    [Theory]
    [InlineData("1,2,3")]
    [InlineData("1 2 3")]
    [InlineData("[1, 2,\t3]\n")]
    public void Blanks_commas_and_brackets_separate(string text) =>
        Assert.Equal([1, 2, 3], IdList.Parse(text));

    [Theory]
    [InlineData("1,-2")]
    [InlineData("1.5")]
    [InlineData("2147483648")]
    [InlineData("1e3")]
    [InlineData("\u0661")]
    public void What_is_no_id_is_named(string text) =>
        Assert.Contains(
            "is no token id",
            Assert.Throws<InputException>(() => IdList.Parse(text)).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Twenty_thousand_random_lists_are_taken_or_refused()
    {
        const string Alphabet = "0123456789 ,[]-+.ex\0\n\uD800\u0661";
        var random = new Random(5);
        var taken = 0;
        for (var round = 0; round < 20_000; round++)
        {
            var characters = new char[random.Next(30)];
            foreach (ref var character in characters.AsSpan())
            {
                character = Alphabet[random.Next(random.Next(4) == 0 ? Alphabet.Length : 14)];
            }

            try
            {
                Assert.All(IdList.Parse(new string(characters)), id => Assert.True(id >= 0));
                taken++;
            }
            catch (InputException fault)
            {
                Assert.Contains("is no token id", fault.Message, StringComparison.Ordinal);
            }
        }

        Assert.InRange(taken, 1_000, 19_000);
    }
}
