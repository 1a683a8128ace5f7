using Puna.Engine.Runtime;
using Puna.Kernels.Activations;
using Puna.Kernels.Attention;
using Puna.Testing;

namespace Puna.Engine.Tests.Runtime;

/// <summary>Engines of the tiny models, in f32.</summary>
internal static class TinyEngine
{
    public static InferenceEngine Load(string name = "llama-gqa", int rows = 512) =>
        InferenceEngine.Load(
            SharedData.Path("tiny", name),
            new InferenceOptions
            {
                Threads = 1,
                Activations = ActivationFormat.F32,
                KeyFormat = KvPageFormats.F32,
                ValueFormat = KvPageFormats.F32,
                MaximumRows = rows,
            }
        );

    /// <summary>Ids that look random.</summary>
    public static int[] Ids(InferenceEngine engine, int count, int seed = 1)
    {
        var random = new Random(seed);
        var vocabulary = engine.Model.Config.VocabularySize;
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(vocabulary))];
    }

    /// <summary>Logits after each of some ids, which are read by a sequence of their own.</summary>
    public static float[][] Logits(InferenceEngine engine, int[] ids)
    {
        using var sequence = new Sequence(engine);
        sequence.Append(ids);
        var rows = new List<float[]>();
        SequenceReader.Score(
            sequence,
            0,
            (_, outputs) =>
            {
                for (var row = 0; row < outputs.Rows; row++)
                {
                    rows.Add(outputs.Logits(row).ToArray());
                }
            }
        );
        return [.. rows];
    }
}
