using Puna.Engine.Cache;
using Puna.Kernels.Memory;

namespace Puna.Engine.Tests.Cache;

/// <summary>Seals each full block, or none by itself, in pages of a <see cref="CodedPageFormat"/>.</summary>
internal sealed class SealingPolicy : IKvPolicy, IKvSealer
{
    private readonly bool _sealsFull;

    public SealingPolicy(int bits, bool sealsFull = true, KvEffects effects = KvEffects.None)
    {
        Format = new CodedPageFormat(bits);
        Form = new KvForm(Format, Format);
        _sealsFull = sealsFull;
        Effects = effects | KvEffects.LossyKeys | KvEffects.LossyValues;
    }

    public CodedPageFormat Format { get; }

    public KvForm Form { get; }

    /// <summary>Blocks that came sealed.</summary>
    public int Adopted { get; private set; }

    public string Name => "sealing";

    public string Fingerprint => Name;

    public KvNeeds Needs => KvNeeds.None;

    public KvEffects Effects { get; }

    public IReadOnlyList<KvForm> Forms => [Form];

    public void OnSeal(KvSequence sequence, KvLane lane, int entry, bool adopted)
    {
        if (adopted)
        {
            Adopted += lane[entry].Form == Form ? 1 : 0;
        }
        else if (_sealsFull)
        {
            lane[entry].Seal(Form, this);
        }
    }

    public void SealKeys(KvCell cell, uint valid, NativeSpan<float> keys, NativeSpan<byte> page) =>
        Format.EncodeKeys(keys, page);

    public void SealValues(
        KvCell cell,
        uint valid,
        NativeSpan<float> values,
        NativeSpan<byte> page
    ) => Format.EncodeValues(values, page);
}
