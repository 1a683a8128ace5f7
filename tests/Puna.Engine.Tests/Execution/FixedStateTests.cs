using Puna.Engine.Cache;
using Puna.Engine.Decoding;
using Puna.Engine.Execution;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Decoding;
using Puna.Engine.Tests.Model;
using Puna.Engine.Tests.Runtime;
using Puna.Testing;

namespace Puna.Engine.Tests.Execution;

/// <summary>The laws of a pass for a plan with states of a fixed size, beside attention and alone.</summary>
public sealed class FixedStateTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(2, 20)]
    public void One_pass_equals_any_chunking(int threads, int rows)
    {
        using var engine = RecurrentModel.Load(threads: threads);
        var ids = TinyEngine.Ids(engine, 50);
        var whole = Logits(engine, ids, ids.Length, isCertain: true);

        var certain = Logits(engine, ids, rows, isCertain: true);
        var kept = Logits(engine, ids, rows, isCertain: false);

        for (var row = 0; row < ids.Length; row++)
        {
            Assert.Equal(certain[row], kept[row]);
            Assert.InRange(
                ModelHarness.RelativeError(kept[row], whole[row]),
                0,
                Tolerance.Chunking
            );
        }
    }

    [Fact]
    public void The_recurrence_changes_what_the_model_says()
    {
        using var engine = RecurrentModel.Load();
        using var plain = TinyEngine.Load();
        var ids = TinyEngine.Ids(engine, 20);

        Assert.NotEqual(TinyEngine.Logits(plain, ids)[^1], TinyEngine.Logits(engine, ids)[^1]);
    }

    [Fact]
    public void Drafts_are_kept_in_part_or_not_at_all()
    {
        using var engine = RecurrentModel.Load();
        var ids = TinyEngine.Ids(engine, 30);
        var expected = TinyEngine.Logits(engine, ids);
        using var sequence = new Sequence(engine);
        sequence.Append(ids.AsSpan(..10));
        SequenceReader.Read(sequence, 10);

        // Three of six are right, then none, then all.
        sequence.Append(ids.AsSpan(10..13));
        sequence.Run(new NewRows([ids[10], ids[11], ids[12], 5, 6, 7]));
        sequence.Commit(3);
        sequence.Run(new NewRows([5, 6, 7]));
        sequence.Truncate(13);
        sequence.Append(ids.AsSpan(13..));
        SequenceReader.Score(
            sequence,
            13,
            (first, outputs) => AssertNear(expected, first, outputs)
        );
    }

    [Fact]
    public void A_path_of_a_tree_is_kept()
    {
        using var engine = RecurrentModel.Load();
        var ids = TinyEngine.Ids(engine, 30);
        var expected = TinyEngine.Logits(engine, ids);
        using var sequence = new Sequence(engine);
        sequence.Append(ids.AsSpan(..12));
        SequenceReader.Read(sequence, 10);

        // Two known ids, two guesses behind the second, one of them with children.
        int[] tokens = [ids[10], ids[11], 9, ids[12], 8, ids[13]];
        sequence.Run(new NewRows(tokens, (int[])[-1, 0, 1, 1, 3, 3], certain: 2));
        AssertNear(expected, 10, new Outputs(4, sequence.Logits([0, 1, 3, 5]), []));
        sequence.Append(ids.AsSpan(12..));
        sequence.Compact([0, 1, 3, 5]);
        sequence.Commit(4);
        SequenceReader.Score(
            sequence,
            14,
            (first, outputs) => AssertNear(expected, first, outputs)
        );
    }

    [Fact]
    public void A_committed_token_that_is_taken_back_has_all_computed_anew()
    {
        using var engine = RecurrentModel.Load();
        var ids = TinyEngine.Ids(engine, 30);
        var expected = TinyEngine.Logits(engine, ids);
        using var sequence = new Sequence(engine);
        sequence.Append([.. ids[..10], 5, 6, 7]);
        SequenceReader.Read(sequence, 13);

        sequence.Truncate(10);

        Assert.Equal(0, sequence.Committed);
        sequence.Append(ids.AsSpan(10..));
        SequenceReader.Score(sequence, 0, (first, outputs) => AssertNear(expected, first, outputs));
    }

    [Fact]
    public void Forks_and_snapshots_go_on_as_their_original()
    {
        using var engine = RecurrentModel.Load();
        var ids = TinyEngine.Ids(engine, 30);
        using var original = new Sequence(engine);
        original.Append(ids.AsSpan(..20));
        SequenceReader.Read(original, 20);
        using var stream = new MemoryStream();
        _ = KvSnapshot.Save(original.Kv, ids.AsSpan(..20), stream, engine.Identity());
        stream.Position = 0;
        using var fork = new Sequence(engine, original.Kv.Fork(), ids.AsSpan(..20));
        using var restored = new Sequence(
            engine,
            KvSnapshot.Load(engine.Cache, stream, engine.Identity()).Sequence,
            ids.AsSpan(..20)
        );

        var expected = Continue(original, ids[20..]);

        Assert.Equal(expected, Continue(fork, ids[20..]));
        Assert.Equal(expected, Continue(restored, ids[20..]));
        Assert.Equal(
            4 * engine.Cache.Shape.StateBytes,
            original.Kv.Bytes.States + fork.Kv.Bytes.States
        );
        Assert.Equal(6 * engine.Cache.Shape.StateBytes, engine.Cache.Bytes.States);

        // The last numbers of the stream are the last state and its checksum.
        var damaged = stream.ToArray();
        damaged[^10] ^= 1;
        Assert.Throws<InputException>(() =>
            KvSnapshot.Load(engine.Cache, new MemoryStream(damaged), engine.Identity())
        );
        Assert.Equal(6 * engine.Cache.Shape.StateBytes, engine.Cache.Bytes.States);
    }

    [Fact]
    public void Sequences_of_a_batch_do_not_meet()
    {
        using var engine = RecurrentModel.Load(threads: 2);
        var ids = TinyEngine.Ids(engine, 40);
        var expected = new[] { ids[..9], ids[9..20], ids[20..] }
            .Select(own => TinyEngine.Logits(engine, own))
            .ToArray();
        using Sequence first = new(engine),
            second = new(engine),
            third = new(engine);
        using var batch = new Batch(engine);
        first.Append(ids.AsSpan(..9));
        second.Append(ids.AsSpan(9..20));
        third.Append(ids.AsSpan(20..));

        _ = batch.Add(first, new NewRows(first.Ids));
        _ = batch.Add(second, new NewRows(second.Ids, certain: second.Ids.Length));
        _ = batch.Add(third, new NewRows(third.Ids, certain: 3));
        batch.Run();

        var row = 0;
        foreach (var logits in expected)
        {
            var rows = Enumerable.Range(row, logits.Length).ToArray();
            AssertNear(logits, 0, new Outputs(rows.Length, batch.Logits(rows), []));
            row += logits.Length;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Guesses_leave_the_text_as_it_is(bool branches)
    {
        using var engine = RecurrentModel.Load(rows: 16);
        var prompt = TinyEngine.Ids(engine, 40);
        var plain = Generate(engine, prompt, new PlainDecoder());
        int[] text = [.. prompt, .. plain];
        FakeSequence.Rule rule = (context, logits) =>
        {
            logits.Clear();
            logits[context.Length < text.Length ? text[context.Length] : 0] = 1;
        };
        var guesses = new GuessingDecoder(rule, engine.Model.Config.VocabularySize, branches);

        Assert.Equal(plain, Generate(engine, prompt, guesses));
        Assert.True(guesses.LongestPath > 2);
    }

    [Fact]
    public void A_token_allocates_nothing()
    {
        using var engine = RecurrentModel.Load();
        using var sequence = new Sequence(engine);
        sequence.Append(TinyEngine.Ids(engine, 40));
        SequenceReader.Read(sequence, 38);
        SequenceReader.Read(sequence, 39);

        var before = GC.GetAllocatedBytesForCurrentThread();
        SequenceReader.Read(sequence, 40);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void What_a_state_cannot_follow_is_refused_and_changes_nothing()
    {
        using var engine = RecurrentModel.Load();
        var ids = TinyEngine.Ids(engine, 20);
        var expected = TinyEngine.Logits(engine, ids);
        using var sequence = new Sequence(engine);
        sequence.Append(ids);
        SequenceReader.Read(sequence, 10);

        Assert.Throws<InputException>(() => sequence.Run(new NewRows([1, 2], isBlock: true)));
        Assert.Throws<InvalidOperationException>(() => sequence.Kv.Insert(5, 2));
        Assert.Throws<ArgumentException>(() =>
            sequence.Run(new NewRows([1, 2, 3], (int[])[-1, 0, 0], certain: 2))
        );
        Assert.Throws<InputException>(() => new PrefixTree(engine.Cache));
        using var plain = TinyEngine.Load();
        using var stateless = plain.Cache.CreateSequence();
        Assert.Throws<ArgumentException>(() => engine.Pass.Run([1], [new Segment(stateless, 1)]));
        sequence.Run(new NewRows(ids.AsSpan(10, 4), certain: 3));
        Assert.Throws<InvalidOperationException>(() => sequence.Commit(2));
        sequence.Commit(3);
        SequenceReader.Score(
            sequence,
            13,
            (first, outputs) => AssertNear(expected, first, outputs)
        );
    }

    [Fact]
    public void A_batch_without_room_for_its_states_changes_nobody()
    {
        long limit;
        using (var free = RecurrentModel.Load())
        {
            limit = (3 * free.Cache.BlockBytes) + (8 * free.Cache.Shape.StateBytes);
        }

        using var engine = RecurrentModel.Load(limit: limit);
        var ids = TinyEngine.Ids(engine, 30);
        var expected = TinyEngine.Logits(engine, ids);
        using Sequence first = new(engine),
            second = new(engine);
        first.Append(ids);
        SequenceReader.Read(first, 20);
        second.Append(ids);

        var drafts = 0;
        using var batch = new Batch(engine);
        while (drafts < ids.Length)
        {
            batch.Clear();
            _ = batch.Add(first, new NewRows(ids.AsSpan(20, 2)));
            _ = batch.Add(second, new NewRows(ids.AsSpan(0, ++drafts)));
            try
            {
                batch.Run();
            }
            catch (CacheFullException)
            {
                break;
            }

            first.Compact([]);
            second.Compact([]);
        }

        Assert.InRange(drafts, 2, ids.Length - 1);
        Assert.True(engine.Cache.ReservedBytes <= limit);
        Assert.Equal((0, 0), (first.Kv.TailLength, second.Kv.TailLength));
        SequenceReader.Score(first, 20, (index, outputs) => AssertNear(expected, index, outputs));
    }

    private static float[][] Logits(InferenceEngine engine, int[] ids, int rows, bool isCertain)
    {
        using var sequence = new Sequence(engine);
        sequence.Append(ids);
        var logits = new List<float[]>();
        while (logits.Count < ids.Length)
        {
            var count = Math.Min(rows, ids.Length - logits.Count);
            var asked = Enumerable.Range(0, count).ToArray();
            sequence.Run(
                new NewRows(ids.AsSpan(logits.Count, count), certain: isCertain ? count : 0)
            );
            var outputs = new Outputs(count, sequence.Logits(asked), []);
            foreach (var row in asked)
            {
                logits.Add(outputs.Logits(row).ToArray());
            }

            sequence.Commit(count);
        }

        return [.. logits];
    }

    private static IReadOnlyList<int> Generate(
        InferenceEngine engine,
        int[] prompt,
        IDecoder decoder
    )
    {
        using var sequence = new Sequence(engine);
        var options = new GenerationOptions
        {
            MaximumTokens = 40,
            Sampling = SamplingOptions.Greedy,
            IgnoreEnd = true,
        };
        return new Generator(sequence, null, decoder).Run(prompt, options).Ids;
    }

    private static float[] Continue(Sequence sequence, int[] ids)
    {
        sequence.Append(ids);
        SequenceReader.Read(sequence, sequence.Ids.Length - 1);
        sequence.Run(new NewRows(sequence.Ids[^1..]));
        return sequence.Logits([0]).ToArray();
    }

    private static void AssertNear(float[][] expected, int first, Outputs outputs)
    {
        for (var row = 0; row < outputs.Rows; row++)
        {
            Assert.InRange(
                ModelHarness.RelativeError(outputs.Logits(row), expected[first + row]),
                0,
                Tolerance.Chunking
            );
        }
    }
}
