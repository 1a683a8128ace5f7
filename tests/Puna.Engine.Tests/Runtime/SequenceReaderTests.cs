using Puna.Engine.Runtime;
using Puna.Engine.Tests.Decoding;

namespace Puna.Engine.Tests.Runtime;

/// <summary>The loop that reads ids in pieces.</summary>
public sealed class SequenceReaderTests
{
    private const int Vocabulary = 5;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(69)]
    [InlineData(70)]
    [InlineData(71)]
    [InlineData(199)]
    public void Logits_come_in_order_from_the_first_wanted_one_on(int first)
    {
        foreach (var losses in new[] { false, true })
        {
            var sequence = new FakeSequence(Vocabulary, FakeSequence.Hash, maximumRows: 70)
            {
                NeedsLosses = losses,
            };
            int[] ids = [.. Enumerable.Range(0, 200).Select(index => index * 7 % Vocabulary)];
            sequence.Append(ids);
            var next = first;
            var expected = new float[Vocabulary];
            var shares = new Shares();
            SequenceReader.Score(
                sequence,
                first,
                (index, outputs) =>
                {
                    for (var row = 0; row < outputs.Rows; row++)
                    {
                        Assert.Equal(next, index + row);
                        FakeSequence.Hash(ids.AsSpan(0, ++next), expected);
                        Assert.Equal(expected, outputs.Logits(row).ToArray());
                    }
                },
                shares
            );
            Assert.Equal(200, next);
            Assert.Equal([70, 70, 60], sequence.Batches);
            Assert.Equal([0.35, 0.7, 1], shares.Told);
            Assert.Equal(ids, sequence.Log.Select(entry => entry.Id));
            Assert.Equal(losses ? 199 : 0, sequence.Log.Count(entry => entry.Loss > 0));
        }
    }

    [Fact]
    public void Reading_stops_where_it_is_cancelled_and_goes_on_there()
    {
        using var source = new CancellationTokenSource();
        var sequence = new FakeSequence(Vocabulary, FakeSequence.Hash, maximumRows: 4);
        sequence.Append(new int[10]);
        Assert.Throws<OperationCanceledException>(() =>
            SequenceReader.Score(sequence, 0, (_, _) => source.Cancel(), cancellation: source.Token)
        );
        Assert.Equal((4, 0), (sequence.Committed, sequence.Tail));
        SequenceReader.Read(sequence, 10, cancellation: source.Token);
        Assert.Equal(4, sequence.Committed);
        SequenceReader.Read(sequence, 9, 3);
        Assert.Equal(9, sequence.Committed);
        Assert.Equal([4, 3, 2], sequence.Batches);
    }

    private sealed class Shares : IProgress<double>
    {
        public List<double> Told { get; } = [];

        public void Report(double value) => Told.Add(value);
    }
}
