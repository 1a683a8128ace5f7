using Puna.Engine.Decoding;
using Puna.Testing;

namespace Puna.Engine.Tests.Decoding;

public sealed class LogprobReaderTests
{
    [Fact]
    public void Log_probabilities_are_those_of_the_softmax()
    {
        float[] logits = [0, MathF.Log(2), MathF.Log(5), MathF.Log(2)];
        var reader = new LogprobReader(4, 3);
        reader.Read(logits);
        Array.Clear(logits);
        var result = reader.Of(3);
        Assert.Equal(3, result.Id);
        Assert.Equal(Math.Log(0.2), result.Logprob, Tolerance.F32Function);
        Assert.Equal([2, 1, 3], result.Top.Select(entry => entry.Id));
        Assert.Equal(Math.Log(0.5), result.Top[0].Logprob, Tolerance.F32Function);
        var all = Enumerable.Range(0, 4).Sum(id => Math.Exp(reader.Logprob(id)));
        Assert.Equal(1, all, Tolerance.F32Function);
    }

    [Fact]
    public void More_top_tokens_than_ids_and_none_are_fine()
    {
        var reader = new LogprobReader(2, 10);
        reader.Read([1, 2]);
        Assert.Equal([1, 0], reader.Of(0).Top.Select(entry => entry.Id));
        reader = new LogprobReader(2, 0);
        reader.Read([1, 2]);
        Assert.Empty(reader.Of(0).Top);
    }

    [Fact]
    public void Large_logits_do_not_overflow()
    {
        var reader = new LogprobReader(2, 0);
        reader.Read([3e38f, 3e38f]);
        Assert.Equal(0, reader.Logprob(0), 3e38 * Tolerance.F32Unit);
        reader.Read([-1000, -1001]);
        Assert.Equal(-Math.Log(1 + Math.Exp(-1)), reader.Logprob(0), 1000 * Tolerance.F32Unit);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void A_count_outside_its_range_is_refused(int top)
    {
        var error = Assert.Throws<InputException>(() => new LogprobReader(10, top));
        Assert.Contains($"{top} top log probabilities", error.Message);
    }
}
