using Puna.Kernels.Emitted;

namespace Puna.Kernels.Tests.Emitted;

/// <summary>Encodings against those of the GNU assembler.</summary>
public sealed class AssemblerTests
{
    [Fact]
    public void Memory_operands_of_vectors_are_encoded_in_every_form()
    {
        Check("62F17C481007", code => code.Load(new(0), new(Register.Rdi, 0)));
        Check("62717C48106F41", code => code.Load(new(13), new(Register.Rdi, 0x1040)));
        Check("62617C4810BE00200000", code => code.Load(new(31), new(Register.Rsi, 0x2000)));
        Check("62617C481040FF", code => code.Load(new(24), new(Register.Rax, -64)));
        Check("62F17C48104D00", code => code.Load(new(1), new(Register.Rbp, 0)));
        Check("62D17C48108D04000000", code => code.Load(new(1), new(Register.R13, 4)));
        Check("62F17C48104C2401", code => code.Load(new(1), new(Register.Rsp, 64)));
        Check("62D17C48101424", code => code.Load(new(2), new(Register.R12, 0)));
        Check("62E17C48117820", code => code.Store(new(Register.Rax, 0x800), new(23)));
        Check("62627D48584A39", code => code.Broadcast(new(25), new Address(Register.Rdx, 0xE4)));
        Check(
            "62527D48588F00020000",
            code => code.Broadcast(new(9), new Address(Register.R15, 0x200))
        );
        Check("62E27D485A00", code => code.BroadcastTable(new(16), new(Register.Rax, 0)));
        Check("62727D485A7F02", code => code.BroadcastTable(new(15), new(Register.Rdi, 32)));
        Check(
            "62E21D40987621",
            code => code.MultiplyAdd(new(22), new(Register.Rsi, 0x840), new(28))
        );
        Check(
            "62E22D40B87670",
            code => code.AddProduct(new(22), new(26), new(Register.Rsi, 0x1C00))
        );
        Check("62D24548B831", code => code.AddProduct(new(6), new(7), new(Register.R9, 0)));
    }

    [Fact]
    public void Vectors_in_registers_are_encoded()
    {
        Check("62E27D487CC0", code => code.Broadcast(new(16), Register.Rax));
        Check("62527D487CC9", code => code.Broadcast(new(9), Register.R9));
        Check("62A17540EFC9", code => code.Clear(new(17)));
        Check("62F16548EFDB", code => code.Clear(new(3)));
        Check("62F12D48DBC8", code => code.And(new(1), new(10), new(0)));
        Check("62B17D40DBF9", code => code.And(new(7), new(16), new(17)));
        Check("62317D40EFFA", code => code.Xor(new(15), new(16), new(18)));
        Check("62B3654025C0F8", code => code.OrMasked(new(0), new(19), new(16)));
        Check("62B17D4872D404", code => code.ShiftRight(new(0), new(20), 4));
        Check("62F1154072D102", code => code.ShiftRight(new(29), new(1), 2));
        Check("62B1654072F203", code => code.ShiftLeft(new(19), new(18), 3));
        Check("6272754000FF", code => code.Lookup(new(15), new(17), new(7)));
        Check("6282054850FF", code => code.DotBytes(new(23), new(15), new(31)));
        Check("62827D4850C0", code => code.DotBytes(new(16), new(0), new(24)));
        Check("62D26D4050C9", code => code.DotBytes(new(1), new(18), new(9)));
        Check("62A17C485BE4", code => code.ToFloats(new(20), new(20)));
        Check("62917C485BE5", code => code.ToFloats(new(4), new(29)));
        Check("62815C4059E3", code => code.Multiply(new(20), new(20), new(27)));
        Check("6271744059C5", code => code.Multiply(new(8), new(17), new(5)));
    }

    [Fact]
    public void General_instructions_are_encoded()
    {
        Check("4C89C0", code => code.Move(Register.Rax, Register.R8));
        Check("4989CA", code => code.Move(Register.R10, Register.Rcx));
        Check("4989FF", code => code.Move(Register.R15, Register.Rdi));
        Check("4C8B4F08", code => code.Move(Register.R9, new Address(Register.Rdi, 8)));
        Check("498B3424", code => code.Move(Register.Rsi, new Address(Register.R12, 0)));
        Check("48B88080808000000000", code => code.Move(Register.Rax, 0x80808080));
        Check("49BB8877665544332211", code => code.Move(Register.R11, 0x1122334455667788));
        Check("490F188800100000", code => code.Prefetch(new(Register.R8, 4096)));
        Check("480F180F", code => code.Prefetch(new(Register.Rdi, 0)));
        Check("4881C700020000", code => code.Add(Register.Rdi, 512));
        Check("4883C040", code => code.Add(Register.Rax, 64));
        Check("4983EA01", code => code.Subtract(Register.R10, 1));
        Check("4883C680", code => code.Add(Register.Rsi, -128));
        Check("4981E97FFFFFFF", code => code.Subtract(Register.R9, -129));
        Check("C5F877", code => code.ZeroUpper());
        Check("C3", code => code.Return());
    }

    [Fact]
    public void Jumps_lead_back_and_forth()
    {
        Check(
            "C3" + "0F85F9FFFFFF" + "0F8C01000000" + "C3" + "C3",
            code =>
            {
                var start = code.Position;
                code.Return();
                code.JumpBack(Condition.NotZero, start);
                var jump = code.JumpForward(Condition.Less);
                code.Return();
                code.Bind(jump);
                code.Return();
            }
        );
    }

    [Fact]
    public void Code_may_be_of_any_length()
    {
        var code = new Assembler();
        for (var index = 0; index < 20_000; index++)
        {
            code.Return();
        }

        Assert.Equal(20_000, code.Code.Length);
        Assert.Equal(-1, code.Code.IndexOfAnyExcept((byte)0xC3));
    }

    private static void Check(string expected, Action<Assembler> write)
    {
        var assembler = new Assembler();
        write(assembler);
        Assert.Equal(expected, Convert.ToHexString(assembler.Code));
    }
}
