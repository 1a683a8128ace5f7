using Puna.Engine.Decoding;
using Puna.Engine.Runtime;
using Puna.Engine.Tests.Decoding;
using Puna.Engine.Tests.Model;
using Puna.Testing;

namespace Puna.Engine.Tests.Runtime;

/// <summary>Rows that see each other, as masked diffusion has them.</summary>
public sealed class BlockTests
{
    // The data's readme: the logits of every eighth input are recorded.
    private const int RecordedStep = 8;

    public static TheoryData<string> Attention =>
        ReferenceCases.Folders("attention", "attention.safetensors");

    public static TheoryData<string> Windowed =>
        ReferenceCases.TinyModels(ReferenceCases.HasWindow);

    [Theory]
    [MemberData(nameof(Attention))]
    [Trait("reference", "attention")]
    [Trait("reference", "tiny")]
    public void A_block_gives_the_recorded_logits_of_bidirectional_attention(string name)
    {
        var oracle = new OracleFile(SharedData.Path("attention", name, "attention.safetensors"));
        using var engine = TinyEngine.Load(name);
        var ids = oracle.Ints("ids");
        var expected = oracle.Floats("bidirectional");
        using var sequence = new Sequence(engine);
        sequence.Run(new NewRows(ids, isBlock: true));
        var vocabulary = engine.Model.Config.VocabularySize;
        var recorded = expected.Length / vocabulary;
        Assert.Equal((ids.Length + RecordedStep - 1) / RecordedStep, recorded);
        int[] rows = [.. Enumerable.Range(0, recorded).Select(row => RecordedStep * row)];
        var actual = sequence.Logits(rows);
        for (var row = 0; row < rows.Length; row++)
        {
            var error = ModelHarness.RelativeError(
                actual.Slice(row * vocabulary, vocabulary),
                expected.AsSpan(row * vocabulary, vocabulary)
            );
            Assert.True(error <= Tolerance.Logits, $"row {rows[row]}: {error}");
        }
    }

    [Fact]
    [Trait("reference", "branches")]
    [Trait("reference", "tiny")]
    public void A_masked_text_has_the_recorded_likelihood()
    {
        using var document = ReferenceCases.Json("branches", "llada.json");
        var record = document.RootElement;
        var likelihood = record.GetProperty("cases").GetProperty("likelihood");
        var mask = record.GetProperty("mask_id").GetInt32();
        var tokens = likelihood.GetProperty("answer_tokens").GetInt32();
        var estimates = likelihood.GetProperty("estimates");
        var ids = new OracleFile(SharedData.Path("branches", "llada.safetensors")).Ints("ids")[
            ..(record.GetProperty("prompts")[0].GetInt32() + tokens)
        ];
        using var engine = TinyEngine.Load(record.GetProperty("model").GetString()!);
        using var sequence = new Sequence(engine);
        var draw = 0;
        foreach (var masked in likelihood.GetProperty("masked_positions").EnumerateArray())
        {
            int[] positions = [.. masked.EnumerateArray().Select(entry => entry.GetInt32())];
            var hidden = (int[])ids.Clone();
            foreach (var position in positions)
            {
                hidden[position] = mask;
            }

            sequence.Run(new NewRows(hidden, isBlock: true));
            var outputs = new Outputs(positions.Length, sequence.Logits(positions), []);
            var sum = 0.0;
            for (var row = 0; row < positions.Length; row++)
            {
                sum += ModelHarness.Nll(outputs.Logits(row).ToArray(), ids[positions[row]]);
            }

            sequence.Commit(0);
            var expected = estimates[draw++].GetDouble();
            Assert.Equal(expected, sum / positions.Length * tokens, expected * Tolerance.Logits);
        }

        Assert.Equal(estimates.GetArrayLength(), draw);
    }

    [Fact]
    public void A_block_behind_a_cache_and_beside_another_sequence_sees_its_own_rows()
    {
        using var engine = TinyEngine.Load();
        var ids = TinyEngine.Ids(engine, 60);
        using var whole = new Sequence(engine);
        using var beside = new Sequence(engine);
        whole.Append(ids.AsSpan(0, 40));
        SequenceReader.Read(whole, 40);
        using var batch = new Batch(engine);
        batch.Add(beside, new NewRows(ids.AsSpan(0, 7)));
        var first = batch.Add(whole, new NewRows(ids.AsSpan(40, 20), isBlock: true));
        batch.Run();
        var actual = batch.Logits([6, first + 19, first]).ToArray();

        // Even the last row of a block, which sees no more than a causal one, sees other keys from the second layer on. A
        // block of one row is the causal row.
        var vocabulary = engine.Model.Config.VocabularySize;
        var causal = TinyEngine.Logits(engine, ids);
        Check(0, causal[6], equal: true);
        Check(1, causal[59], equal: false);
        Check(2, causal[40], equal: false);
        whole.Commit(0);
        whole.Run(new NewRows(ids.AsSpan(40, 1), isBlock: true));
        actual = whole.Logits([0]).ToArray();
        Check(0, causal[40], equal: true);

        void Check(int row, float[] expected, bool equal) =>
            Assert.Equal(
                equal,
                ModelHarness.RelativeError(actual.AsSpan(row * vocabulary, vocabulary), expected)
                    <= Tolerance.Chunking
            );
    }

    [Theory]
    [MemberData(nameof(Windowed))]
    [Trait("reference", "tiny")]
    public void A_block_is_refused_where_a_layer_has_a_window(string name)
    {
        using var engine = TinyEngine.Load(name);
        using var sequence = new Sequence(engine);
        var error = Assert.Throws<InputException>(() =>
            sequence.Run(new NewRows([1, 2], isBlock: true))
        );
        Assert.Contains("window", error.Message);
        Assert.Equal(0, sequence.Kv.TailLength);
    }

    [Fact]
    public void A_block_that_is_filled_step_by_step_commits_nothing()
    {
        using var engine = TinyEngine.Load();
        var policy = new RecordingPolicy(losses: false);
        using var cache = policy.Cache(engine.Cache.Shape);
        using var sequence = new Sequence(engine, cache.CreateSequence(), []);
        using var decoder = new FillingDecoder(mask: 255, size: 6);
        int[] prompt = [7, 33, 120, 200, 15];

        var result = new Generator(sequence, null, decoder).Run(
            prompt,
            new GenerationOptions
            {
                MaximumTokens = 15,
                IgnoreEnd = true,
                Sampling = SamplingOptions.Greedy,
            }
        );

        Assert.Equal(Naive(engine, prompt, 255, 6)[..15], result.Ids);
        Assert.Equal(18, decoder.Passes);
        Assert.Empty(policy.Ids);
        Assert.Equal((0, 0), (sequence.Committed, sequence.Kv.Lanes[0].PhysicalLength));
    }

    /// <summary>The same by hand: three blocks of masks; in each pass the surest of the masked rows is filled.</summary>
    private static int[] Naive(InferenceEngine engine, int[] prompt, int mask, int size)
    {
        using var sequence = new Sequence(engine);
        List<int> ids = [.. prompt];
        while (ids.Count < prompt.Length + 15)
        {
            var block = Enumerable.Repeat(mask, size).ToArray();
            while (Array.IndexOf(block, mask) >= 0)
            {
                sequence.Run(new NewRows([.. ids, .. block], isBlock: true));
                var (best, place, token) = (0.0, -1, -1);
                for (var index = 0; index < size; index++)
                {
                    if (block[index] == mask)
                    {
                        var logits = sequence.Logits([ids.Count + index]).ToArray();
                        logits[mask] = float.NegativeInfinity;
                        var top = Array.IndexOf(logits, logits.Max());
                        var probability = Math.Exp(-ModelHarness.Nll(logits, top));
                        (best, place, token) =
                            probability > best ? (probability, index, top) : (best, place, token);
                    }
                }

                sequence.Commit(0);
                block[place] = token;
            }

            ids.AddRange(block);
        }

        return [.. ids.Skip(prompt.Length)];
    }
}
