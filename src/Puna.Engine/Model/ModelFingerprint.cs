using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Puna.Engine.Plan;
using Puna.Kernels.Memory;

namespace Puna.Engine.Model;

/// <summary>
/// What a loaded model computes with, as a text of 64 hexadecimal digits: SHA-256 over the layer plan and every parameter
/// as it lies in memory, repacked. Exact, for no byte is left out, and the same for every file of the same plan and
/// weights; it reads each weight once, at the speed of SHA-256 (1 to 2 GB in a second where the processor has instructions
/// for it), and only when it is asked for. A release of Puna that repacks otherwise gives another one.
/// </summary>
internal static class ModelFingerprint
{
    private const long PieceBytes = 1L << 20;

    /// <summary>The fingerprint of a plan and its weights.</summary>
    public static string Of(LayerPlan plan, ParameterSet weights)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(Describe(plan)));
        foreach (var chunk in weights.Chunks)
        {
            Append(hash, chunk);
        }

        foreach (var vector in weights.Vectors(plan))
        {
            Append(hash, vector.Cast<byte>());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // Records print their scalars; lists are written out, for two plans may differ in them alone.
    private static string Describe(LayerPlan plan)
    {
        var config = plan.Config;
        var text = new StringBuilder();
        text.Append(config.HiddenSize).Append(' ').Append(config.VocabularySize).Append(' ');
        text.Append(config.NormEpsilon).Append(' ').Append(config.TieEmbeddings).Append(' ');
        text.Append(config.EmbeddingMultiplier).Append(' ').Append(config.ResidualMultiplier);
        text.Append(' ').Append(config.LogitsMultiplier).Append('\n');
        text.Append(DescribeRope(config.Rope)).Append('\n');
        text.AppendJoin('\n', plan.Banks)
            .Append('\n')
            .AppendJoin('\n', plan.Layers.Select(layer => string.Join("; ", layer.Steps)));
        return text.ToString();
    }

    /// <summary>Every number of a rotary embedding, in one spelling.</summary>
    public static string DescribeRope(RopeConfig rope) =>
        $"{rope with { FrequencyFactors = null }} [{string.Join(", ", rope.FrequencyFactors ?? [])}]";

    // The length comes first, so that no two lists of parts give the same bytes.
    private static void Append(IncrementalHash hash, NativeSpan<byte> bytes)
    {
        Span<byte> length = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, bytes.Length);
        hash.AppendData(length);
        for (var start = 0L; start < bytes.Length; start += PieceBytes)
        {
            hash.AppendData(bytes.Slice(start, Math.Min(PieceBytes, bytes.Length - start)).Span);
        }
    }
}
