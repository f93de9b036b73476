public import Attention
