using Puna.Engine.Cache;
using Puna.Engine.Execution;
using Puna.Engine.Execution.Compilation;
using Puna.Engine.Files;
using Puna.Engine.Files.Models;
using Puna.Engine.Model;
using Puna.Engine.Plan;
using Puna.Engine.Runtime;
using Puna.Engine.Text;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Kernels.Elementwise;
using Puna.Kernels.Memory;
using Puna.Kernels.Threads;

namespace Puna.Engine.Tests.Model;

/// <summary>A loaded model with a forward pass and a cache, for tests that compare logits.</summary>
internal sealed class ModelHarness : IDisposable
{
    private readonly IModelFile _file;
    private readonly WorkerPool _pool;
    private readonly NativeBuffer<float> _logits;

    public ModelHarness(
        string path,
        ActivationFormat activations = ActivationFormat.F32,
        KvSlotFormat? kvFormat = null,
        IReadOnlyList<int>? producers = null,
        int threads = 1,
        KvPolicyChain? policies = null,
        Func<int, KvFormatPair>? formatsOf = null
    )
        : this(
            ModelFiles.Open(path),
            activations,
            kvFormat,
            producers,
            threads,
            policies,
            formatsOf
        ) { }

    /// <summary>The same for an opened file, which the harness owns from now on, and kinds of steps that its plan has.</summary>
    public ModelHarness(
        IModelFile file,
        ActivationFormat activations = ActivationFormat.F32,
        KvSlotFormat? kvFormat = null,
        IReadOnlyList<int>? producers = null,
        int threads = 1,
        KvPolicyChain? policies = null,
        Func<int, KvFormatPair>? formatsOf = null,
        Compilers? compilers = null
    )
    {
        _pool = new WorkerPool(threads);
        _file = file;
        var plan = producers is null ? _file.Plan : LayerPlan.FromConfig(_file.Config, producers);
        Model = LanguageModel.Load(_file, plan, _file.Tokenizer, _pool);
        Forward = new ForwardPass(
            Model,
            _pool,
            activations,
            512,
            compilers ?? Compilers.BuiltIn,
            SlotLayout.Inference
        );
        var format = kvFormat ?? KvPageFormats.F32;
        Cache = new KvCache(
            KvCacheShape.Of(plan, formatsOf ?? (_ => new KvFormatPair(format, format))),
            policies
        );
        _logits = new NativeBuffer<float>((long)Forward.MaximumRows * Vocabulary);
    }

    public LanguageModel Model { get; }

    public ForwardPass Forward { get; }

    public KvCache Cache { get; }

    public int Vocabulary => Model.Config.VocabularySize;

    /// <summary>Logits [T, V] of a whole sequence, read in pieces of the given sizes (the last size repeats).</summary>
    public float[][] Logits(IReadOnlyList<int> ids, params ReadOnlySpan<int> pieces)
    {
        using var sequence = Cache.CreateSequence();
        var rows = new List<float[]>();
        var piece = 0;
        while (rows.Count < ids.Count)
        {
            var size =
                pieces.Length == 0
                    ? Forward.MaximumRows
                    : pieces[Math.Min(piece++, pieces.Length - 1)];
            size = Math.Min(size, ids.Count - rows.Count);
            rows.AddRange(Step(sequence, [.. ids.Skip(rows.Count).Take(size)]));
        }

        return [.. rows];
    }

    /// <summary>Appends tokens to a sequence, commits them and returns their logits.</summary>
    public float[][] Step(KvSequence sequence, int[] ids)
    {
        Forward.Run(ids, [new Segment(sequence, ids.Length)]);
        sequence.Commit(ids, new float[ids.Length]);
        return TailLogits(ids.Length);
    }

    /// <summary>Logits of the first rows of the last pass.</summary>
    public float[][] TailLogits(int rows)
    {
        Forward.Logits([.. Enumerable.Range(0, rows)], _logits.Span);
        return
        [
            .. Enumerable
                .Range(0, rows)
                .Select(row =>
                    _logits.Span.Slice((long)row * Vocabulary, Vocabulary).Span.ToArray()
                ),
        ];
    }

    /// <summary>Greedy continuation and the gap between the two best logits of each step.</summary>
    public (int[] Ids, double[] Gaps) Greedy(IReadOnlyList<int> prompt, int count)
    {
        using var sequence = Cache.CreateSequence();
        var ids = new int[count];
        var gaps = new double[count];
        var last = Prompt(sequence, prompt);
        for (var index = 0; index < count; index++)
        {
            ids[index] = ArgMax.Of(last);
            var best = last[ids[index]];
            last[ids[index]] = float.NegativeInfinity;
            gaps[index] = best - last.Max();
            if (index + 1 < count)
            {
                last = Step(sequence, [ids[index]])[0];
            }
        }

        return (ids, gaps);
    }

    private float[] Prompt(KvSequence sequence, IReadOnlyList<int> prompt)
    {
        float[] last = [];
        foreach (var chunk in prompt.Chunk(Forward.MaximumRows))
        {
            Forward.Run(chunk, [new Segment(sequence, chunk.Length)]);
            sequence.Commit(chunk, new float[chunk.Length]);
            Forward.Logits([chunk.Length - 1], _logits.Span);
            last = _logits.Span.Slice(0, Vocabulary).Span.ToArray();
        }

        return last;
    }

    /// <summary>Mean -log p of ids[1..] under logits of ids[..^1].</summary>
    public static double MeanNll(float[][] logits, IReadOnlyList<int> ids, int firstTarget = 1)
    {
        var sum = 0.0;
        for (var target = firstTarget; target < ids.Count; target++)
        {
            sum += Nll(logits[target - 1], ids[target]);
        }

        return sum / (ids.Count - firstTarget);
    }

    /// <summary>-log softmax(logits)[id], in double.</summary>
    public static double Nll(float[] logits, int id)
    {
        double maximum = logits.Max();
        var sum = logits.Sum(logit => Math.Exp(logit - maximum));
        return maximum + Math.Log(sum) - logits[id];
    }

    /// <summary>Largest difference relative to the spread (standard deviation) of the expected row.</summary>
    public static double RelativeError(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        double mean = 0;
        foreach (var value in expected)
        {
            mean += value;
        }

        mean /= expected.Length;
        double variance = 0;
        double largest = 0;
        for (var index = 0; index < expected.Length; index++)
        {
            variance += (expected[index] - mean) * (expected[index] - mean);
            largest = Math.Max(largest, Math.Abs((double)actual[index] - expected[index]));
        }

        return largest / Math.Sqrt(variance / expected.Length);
    }

    public void Dispose()
    {
        _logits.Dispose();
        Forward.Dispose();
        Cache.Dispose();
        Model.Dispose();
        _file.Dispose();
        _pool.Dispose();
    }
}
