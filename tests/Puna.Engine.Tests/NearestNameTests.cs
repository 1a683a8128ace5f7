namespace Puna.Engine.Tests;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("lama", "llama")]
    [InlineData("MISTRAL", "mistral")]
    [InlineData("qwne", "qwen")]
    [InlineData("l", "llama")]
    [InlineData("mistralX", "mistral")]
    public void The_name_with_the_fewest_changes_is_the_nearest(string asked, string nearest) =>
        Assert.Equal(nearest, NearestName.Of(asked, ["mistral", "llama", "qwen"]));

    [Fact]
    public void A_swap_of_neighbours_is_one_change() =>
        Assert.Equal("--temp", NearestName.Of("--tmep", ["--top-k", "--seed", "--temp"]));

    [Theory]
    [InlineData("")]
    [InlineData("gemma")]
    public void Nothing_is_near_what_shares_too_little(string asked)
    {
        Assert.Null(NearestName.Of(asked, ["xyz", "--top-k"]));
        Assert.Equal("", NearestName.Hint(asked, ["xyz", "--top-k"]));
    }

    [Fact]
    public void A_name_of_any_length_is_answered() =>
        Assert.Null(NearestName.Of(new string('x', 100_000), ["llama"]));

    [Fact]
    public void The_hint_ends_a_message() =>
        Assert.Equal(" (the nearest is llama)", NearestName.Hint("lama", ["llama"]));
}
