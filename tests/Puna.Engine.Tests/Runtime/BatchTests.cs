using Puna.Engine.Runtime;
using Puna.Engine.Tests.Model;
using Puna.Testing;

namespace Puna.Engine.Tests.Runtime;

/// <summary>One pass over the rows of several sequences.</summary>
public sealed class BatchTests
{
    public static TheoryData<string> Names => ReferenceCases.TinyModels();

    [Theory]
    [MemberData(nameof(Names))]
    [Trait("reference", "tiny")]
    public void A_mixed_batch_gives_each_sequence_what_it_gets_alone(string name)
    {
        using var engine = TinyEngine.Load(name);
        var ids = TinyEngine.Ids(engine, 80);
        using var prompt = Prepared(engine, ids.AsSpan(0, 20));
        using var token = Prepared(engine, ids.AsSpan(0, 50));
        using var tree = Prepared(engine, ids.AsSpan(0, 33));
        int[] guesses = [7, 8, 9];
        int[] parents = [-1, 0, 0];
        using var batch = new Batch(engine);

        var first = batch.Add(prompt, new NewRows(ids.AsSpan(20, 11)));
        var second = batch.Add(token, new NewRows(ids.AsSpan(50, 1)));
        var third = batch.Add(tree, new NewRows(guesses, parents));
        batch.Run();

        Assert.Equal((0, 11, 12), (first, second, third));
        Assert.Equal((3, 15, 497), (batch.Count, batch.Rows, batch.Room));
        var vocabulary = engine.Model.Config.VocabularySize;
        var logits = batch.Logits([first + 10, second, third, third + 2]).ToArray();
        var hidden = batch.Hidden([second, first + 10]).ToArray();
        Assert.Equal(2 * engine.Model.Config.HiddenSize, hidden.Length);
        prompt.Append(ids.AsSpan(20, 11));
        prompt.Commit(11);
        token.Append(ids[50]);
        token.Commit(1);
        tree.Append(7, 9);
        tree.Compact([0, 2]);
        tree.Commit(2);
        CheckRow(0, ids[..31]);
        CheckRow(1, ids[..51]);
        CheckRow(2, [.. ids[..33], 7]);
        CheckRow(3, [.. ids[..33], 7, 9]);
        // What each committed is its own, and can be continued.
        foreach (var sequence in (Sequence[])[prompt, token, tree])
        {
            sequence.Run(new NewRows([5]));
            var actual = sequence.Logits([0]).ToArray();
            sequence.Compact([]);
            Check(actual, [.. sequence.Ids, 5]);
        }

        void CheckRow(int row, int[] context) =>
            Check(logits.AsSpan(row * vocabulary, vocabulary), context);

        void Check(ReadOnlySpan<float> actual, int[] context)
        {
            var expected = TinyEngine.Logits(engine, context)[^1];
            Assert.True(ModelHarness.RelativeError(actual, expected) <= Tolerance.Chunking);
        }
    }

    [Fact]
    public void Rows_are_those_of_the_last_batch_that_ran()
    {
        using var engine = TinyEngine.Load();
        using var one = Prepared(engine, [1]);
        using var other = Prepared(engine, [2]);
        using var batch = new Batch(engine);
        batch.Add(one, new NewRows([3]));
        Assert.Throws<InvalidOperationException>(() => batch.Logits([0]).Length);
        batch.Run();
        Assert.Equal(engine.Model.Config.VocabularySize, batch.Logits([0]).Length);
        Assert.Throws<ArgumentException>(() => batch.Add(one, new NewRows([4])));
        other.Run(new NewRows([3]));
        Assert.Throws<InvalidOperationException>(() => batch.Logits([0]).Length);
        Assert.Throws<InvalidOperationException>(() => one.Logits([0]).Length);
        Assert.Equal(engine.Model.Config.VocabularySize, other.Logits([0]).Length);
    }

    [Fact]
    public void What_does_not_fit_is_refused_and_a_failed_pass_leaves_no_tail()
    {
        using var engine = TinyEngine.Load(rows: 4);
        using var other = TinyEngine.Load();
        using var one = Prepared(engine, [1]);
        using var two = Prepared(engine, [2]);
        using var foreign = new Sequence(other);
        using var batch = new Batch(engine);
        Assert.Throws<ArgumentException>(() => batch.Add(foreign, new NewRows([1])));
        batch.Add(one, new NewRows([3, 4]));
        var error = Assert.Throws<InputException>(() => batch.Add(two, new NewRows([1, 2, 3])));
        Assert.Contains("3 rows were to be run, but the pass has room for 2 of 4", error.Message);
        batch.Add(two, new NewRows([1_000_000]));
        Assert.Throws<InputException>(batch.Run);
        Assert.Equal((0, 0), (one.Kv.TailLength, two.Kv.TailLength));
    }

    [Fact]
    public void Another_thread_inside_is_told_so()
    {
        using var engine = TinyEngine.Load();
        using var sequence = new Sequence(engine);
        using (engine.Enter())
        {
            sequence.Truncate(0);
            var thread = new Thread(() =>
            {
                var error = Assert.Throws<InvalidOperationException>(() => sequence.Truncate(0));
                Assert.Contains("let one thread own the engine", error.Message);
            });
            Run(thread);
        }

        Run(new Thread(() => sequence.Truncate(0)));

        static void Run(Thread thread)
        {
            thread.Start();
            thread.Join();
        }
    }

    [Fact]
    public void Keys_and_values_can_be_taken_over_from_another_engine()
    {
        using var reader = TinyEngine.Load();
        using var writer = TinyEngine.Load();
        using var wide = TinyEngine.Load("llama-mha-tied");
        var ids = TinyEngine.Ids(reader, 40);
        using var prompt = Prepared(reader, ids);
        using var answer = new Sequence(writer, prompt.Kv.Fork(), ids);
        using var fork = prompt.Kv.Fork();
        Assert.Throws<ArgumentException>(() => new Sequence(wide, fork, ids));
        answer.Append(9);
        answer.Run(new NewRows([9]));
        var actual = answer.Logits([0]).ToArray();
        var expected = TinyEngine.Logits(reader, [.. ids, 9])[^1];
        Assert.True(ModelHarness.RelativeError(actual, expected) <= Tolerance.Chunking);
        answer.Commit(1);
        Assert.Equal((40, 41), (prompt.Kv.LogicalLength, answer.Kv.LogicalLength));
    }

    private static Sequence Prepared(InferenceEngine engine, ReadOnlySpan<int> ids)
    {
        var sequence = new Sequence(engine);
        sequence.Append(ids);
        SequenceReader.Read(sequence, ids.Length);
        return sequence;
    }
}
