using System.Text.Json;
using Puna.Engine.Plan;
using Puna.Testing;

namespace Puna.Engine.Tests.Files;

/// <summary>What a config.json of Hugging Face says, read by a reader of its own.</summary>
internal sealed class ConfigJson(params string[] path)
{
    private readonly JsonElement _root = ReferenceCases.Json(path).RootElement;

    public string Family => _root.GetProperty("model_type").GetString()!;

    public int HiddenSize => Int("hidden_size");

    public int IntermediateSize => Int("intermediate_size");

    public int Layers => Int("num_hidden_layers");

    public int Heads => Int("num_attention_heads");

    public int KvHeads => Int("num_key_value_heads");

    public int HeadDim => Find("head_dim")?.GetInt32() ?? HiddenSize / Heads;

    public int VocabularySize => Int("vocab_size");

    public int ContextLength => Int("max_position_embeddings");

    public float NormEpsilon => _root.GetProperty("rms_norm_eps").GetSingle();

    public bool TieEmbeddings => Flag("tie_word_embeddings");

    public int BosId => Int("bos_token_id");

    public IEnumerable<int> EosIds =>
        _root.GetProperty("eos_token_id") is { ValueKind: JsonValueKind.Array } list
            ? list.EnumerateArray().Select(id => id.GetInt32())
            : [Int("eos_token_id")];

    public int SlidingWindow => ReferenceCases.HasWindow(_root) ? Int("sliding_window") : 0;

    public IEnumerable<int> LayersWithoutRope =>
        Find("no_rope_layers") is { } list
            ? Enumerable.Range(0, Layers).Where(layer => list[layer].GetInt32() == 0)
            : [];

    /// <summary>Rotation as it is spelled since transformers 5 (rope_parameters) or before (rope_theta, rope_scaling).</summary>
    public RopeConfig Rope
    {
        get
        {
            var scaling = Find("rope_parameters") ?? Find("rope_scaling");
            var theta =
                scaling is { } with && with.TryGetProperty("rope_theta", out var inside)
                    ? inside.GetDouble()
                    : _root.GetProperty("rope_theta").GetDouble();
            double Number(string name) => scaling!.Value.GetProperty(name).GetDouble();
            var plain = new RopeConfig { Theta = theta };
            return scaling?.GetProperty("rope_type").GetString() switch
            {
                "linear" => plain with
                {
                    Scaling = RopeScalingKind.Linear,
                    Factor = Number("factor"),
                },
                "yarn" => plain with
                {
                    Scaling = RopeScalingKind.Yarn,
                    Factor = Number("factor"),
                    OriginalContext = (int)Number("original_max_position_embeddings"),
                },
                "llama3" => plain with
                {
                    Scaling = RopeScalingKind.Llama3,
                    Factor = Number("factor"),
                    LowFrequencyFactor = Number("low_freq_factor"),
                    HighFrequencyFactor = Number("high_freq_factor"),
                    OriginalContext = (int)Number("original_max_position_embeddings"),
                },
                _ => plain,
            };
        }
    }

    public bool Flag(string name) => Find(name)?.GetBoolean() ?? false;

    public float? Number(string name) => Find(name)?.GetSingle();

    private int Int(string name) => _root.GetProperty(name).GetInt32();

    private JsonElement? Find(string name) =>
        _root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;
}
